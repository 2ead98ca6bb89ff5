import random

import pytest

from hierbatch.manifest.books.row_alignment import align_rows

TEXT = [f"Sentence {number} about {number * 37 % 101} lamps and {number * 53 % 97} clocks." for number in range(200)]


def test_equal_texts_are_aligned_row_by_row():
    assert align_rows(TEXT, TEXT) == list(range(200))
    assert align_rows([], []) == []
    assert align_rows([], ["a"]) == [None]
    assert align_rows(["a"], []) == []


@pytest.mark.parametrize("at", [0, 1, 100, 200])
def test_rows_around_an_insertion_keep_their_counterparts(at):
    after = [*TEXT[:at], "A line of its own, wholly unlike them!", *TEXT[at:]]
    assert align_rows(TEXT, after) == [*range(at), None, *range(at, 200)]


@pytest.mark.parametrize("at", [0, 77, 199])
def test_a_changed_row_is_matched_by_its_similarity(at):
    after = [*TEXT]
    after[at] = after[at].replace("lamps", "old lamps")
    assert align_rows(TEXT, after) == list(range(200))


def test_a_replaced_row_is_new():
    after = [*TEXT[:5], "아무도 오지 않았다.", *TEXT[6:]]
    assert align_rows(TEXT, after) == [*range(5), None, *range(6, 200)]


def test_repeated_rows_stay_in_order():
    before = ["Yes.", "No.", "Yes.", "* * *", "Yes.", "* * *", "No."]
    after = ["Yes.", "Yes.", "* * *", "Yes.", "* * *", "Perhaps not.", "No."]
    assert align_rows(before, after) == [0, 2, 3, 4, 5, None, 6]


def test_the_alignment_keeps_the_order_and_all_common_rows_of_a_shuffled_edit():
    generator = random.Random(1)
    kept = sorted(generator.sample(range(200), 150))
    after = [TEXT[number] for number in kept]
    assert align_rows(TEXT, after) == kept


def test_twenty_thousand_rows_with_many_changes_are_aligned():
    before = [f"Row {number}." for number in range(20_000)]
    after = [text for number, text in enumerate(before) if number % 10]
    found = align_rows(before, after)
    assert [before[at] for at in found] == after
