"""How far what was heard lies from what should have been said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Errors:
    """Substitutions, insertions and deletions, and how many tokens there should have been."""

    n_errors: int
    n_tokens: int


def count_errors(wanted: Sequence[str], heard: Sequence[str]) -> Errors:
    """Least number of edits from one sequence of tokens to the other (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))
    for n_deleted, token in enumerate(wanted, start=1):
        diagonal, row[0] = row[0], n_deleted
        for place, other in enumerate(heard, start=1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (token != other))
    return Errors(row[-1], len(wanted))


def character_error(wanted: str, heard: str) -> float:
    """Errors a letter or figure of `wanted`; spaces, marks and case do not count. 1 where nothing was wanted but heard.

    >>> character_error("Good evening!", "good even ink")
    0.18181818181818182
    """
    one, other = ([c for c in text.casefold() if c.isalnum()] for text in (wanted, heard))
    errors = count_errors(one, other)
    return errors.n_errors / errors.n_tokens if errors.n_tokens else float(bool(other))
