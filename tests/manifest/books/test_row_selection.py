import pyarrow as pa
import pytest

from hierbatch.errors import InputError
from hierbatch.manifest.books.row_selection import RowSelection, format_chapters, parse_chapters

ROWS = pa.table(
    {
        "chapter": pa.array([2, 1, 1, 1, 2, None], pa.int32()),
        "sentence_index": pa.array([2, 3, 1, 2, 1, None], pa.int32()),
        "expected_duration_s": pa.array([50.0, 5.0, 30.0, 40.0, 20.0, 1.0], pa.float32()),
    }
)


@pytest.mark.parametrize(
    ("text", "numbers"), [("", []), ("3", [3]), ("1-3,10", [1, 2, 3, 10]), (" 2 , 4 – 5 ", [2, 4, 5])]
)
def test_chapters_are_numbers_and_spans(text, numbers):
    chapters = parse_chapters(text)
    assert [number for span in chapters for number in span] == numbers
    assert parse_chapters(format_chapters(chapters)) == chapters


@pytest.mark.parametrize("text", ["x", "1-", "3-1", "1,,2", "-2", "9" * 5000])
def test_what_is_no_list_of_chapters_is_refused(text):
    with pytest.raises(InputError, match="--chapters"):
        parse_chapters(text)


@pytest.mark.parametrize(
    ("chapters", "preview_s", "mask"),
    [
        ("", None, [True] * 6),
        ("2", None, [True, False, False, False, True, False]),
        ("2-999999999", None, [True, False, False, False, True, False]),
        ("", 60.0, [True, False, True, True, True, True]),  # a row that begins within the preview is part of it
        ("1", 20.0, [False, False, True, False, False, False]),
    ],
)
def test_rows_are_selected_by_chapter_and_by_their_place_in_it(chapters, preview_s, mask):
    selection = RowSelection(chapters=parse_chapters(chapters), preview_s=preview_s)
    assert selection.mask(ROWS).tolist() == mask
