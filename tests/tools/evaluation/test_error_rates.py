import pytest

from hierbatch.frontend.edit_distance import count_errors
from tools.evaluation.error_rates import fewest_errors, one_spelling, phones_of


@pytest.mark.parametrize(
    ("wanted", "heard", "n_errors"),
    [
        ("the cat sat", "the cat sat", 0),
        ("the cat sat", "the bat sat", 1),
        ("the cat sat", "the cat", 1),
        ("the cat sat", "the big cat sat", 1),
        ("the cat sat", "", 3),
    ],
)
def test_words_are_counted_against_what_was_wanted(wanted, heard, n_errors):
    found = count_errors(wanted.split(), heard.split())
    assert (found.n_errors, found.n_tokens) == (n_errors, 3)


def test_the_reading_that_fits_best_counts():
    found = fewest_errors([["page", "12"], ["page", "twelve"]], ["page", "twelve"])
    assert (found.n_errors, found.n_tokens) == (0, 2)


def test_fits_best_means_by_rate_not_by_count():
    found = fewest_errors([["twelve"], ["one", "two", "three", "four"]], ["one", "two", "nine", "nine"])
    assert (found.n_errors, found.n_tokens) == (2, 4)


def test_phones_lose_stress_and_boundaries_and_keep_one_spelling():
    assert phones_of("ɡ ˈɑ ɾ | dʒ ˌɔ .") == ["ɡ", "ɑ", "t", "d͡ʒ", "ɑ"]
    assert one_spelling(["g", "ɔ", "d͡ʒ"]) == ["ɡ", "ɑ", "d͡ʒ"]
