import random
from functools import cache

import pytest

from hierbatch.frontend.edit_distance import character_error_rate, count_errors


def fewest_edits(reference, hypothesis):
    """The recursive definition (Levenshtein 1966)."""

    @cache
    def edits(i, j):
        if i == 0 or j == 0:
            return i + j
        substituted = edits(i - 1, j - 1) + (reference[i - 1] != hypothesis[j - 1])
        return min(edits(i - 1, j) + 1, edits(i, j - 1) + 1, substituted)

    return edits(len(reference), len(hypothesis))


@pytest.mark.parametrize("tokens", ["abc", ("ˈoʊ", "oʊ", "h"), ("밤", "기차", "a b")])
def test_errors_are_those_of_the_definition_for_letters_phones_and_words(tokens):
    draw = random.Random(1)
    for _ in range(200):
        reference = draw.choices(tokens, k=draw.randrange(9))
        hypothesis = draw.choices(tokens, k=draw.randrange(9))
        found = count_errors(reference, hypothesis)
        assert (found.n_errors, found.n_tokens) == (fewest_edits(reference, hypothesis), len(reference))


@pytest.mark.parametrize(
    ("wanted", "heard", "error"),
    [
        ("Good evening!", "good evening", 0.0),
        ("밤 기차", "밤기차.", 0.0),
        ("abcd", "abed", 0.25),
        ("abcd", "", 1.0),
        ("", "", 0.0),
        ("...", "a", 1.0),
    ],
)
def test_letters_count_and_spaces_marks_and_case_do_not(wanted, heard, error):
    assert character_error_rate(wanted, heard) == error
