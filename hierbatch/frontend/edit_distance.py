"""Edit distance between recognized and reference text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class Errors:
    """Number of errors (substitutions, insertions and deletions), and number of tokens in the reference."""

    n_errors: int
    n_tokens: int


def count_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> Errors:
    """Count the fewest edits from one sequence of tokens to the other."""
    return Errors(Levenshtein.distance(reference, hypothesis), len(reference))


def character_error_rate(reference: str, hypothesis: str) -> float:
    """Character error rate over letters and digits, ignoring spaces, punctuation and case.

    The rate is 1 if only the reference is empty, and 0 if both are.

    >>> character_error_rate("Good evening!", "good even ink")
    0.09090909090909091
    """
    expected, found = ([c for c in text.casefold() if c.isalnum()] for text in (reference, hypothesis))
    errors = count_errors(expected, found)
    return errors.n_errors / errors.n_tokens if errors.n_tokens else float(bool(found))
