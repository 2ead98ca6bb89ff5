"""Edit distance between recognised and reference text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Errors:
    """Number of substitutions, insertions and deletions, and of tokens in the reference."""

    n_errors: int
    n_tokens: int


def count_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> Errors:
    """Count the fewest edits from one sequence of tokens to the other (Levenshtein 1966)."""
    row = list(range(len(hypothesis) + 1))
    for n_deleted, token in enumerate(reference, start=1):
        diagonal, row[0] = row[0], n_deleted
        for index, other in enumerate(hypothesis, start=1):
            diagonal, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, diagonal + (token != other))
    return Errors(row[-1], len(reference))


def character_error_rate(reference: str, hypothesis: str) -> float:
    """Character error rate over letters and digits, ignoring spaces, punctuation and case.

    1 if the reference is empty and the hypothesis is not.

    >>> character_error_rate("Good evening!", "good even ink")
    0.09090909090909091
    """
    expected, found = ([c for c in text.casefold() if c.isalnum()] for text in (reference, hypothesis))
    errors = count_errors(expected, found)
    return errors.n_errors / errors.n_tokens if errors.n_tokens else float(bool(found))
