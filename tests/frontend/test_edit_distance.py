import pytest

from hierbatch.frontend.edit_distance import character_error_rate


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
