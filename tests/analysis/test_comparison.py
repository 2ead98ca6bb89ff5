import pytest

import hierbatch
from tests.delivery.book_run import sentence, write_run
from tests.tiny_runs import FIRST, SECOND


def compared(tmp_path, a, b):
    return hierbatch.compare(write_run(tmp_path / "a", a), write_run(tmp_path / "b", b))


def test_rows_are_joined_by_id(tmp_path):
    a = [sentence(1, sentence_index) for sentence_index in (0, 1, 2)]
    b = [sentence(1, sentence_index) for sentence_index in (2, 3, 1)]
    found = compared(tmp_path, a, b)
    assert set(found.table["id"]) == {"c1s1", "c1s2"}
    assert (found.only_in_a, found.only_in_b) == (("c1s0",), ("c1s3",))
    assert (found.table["difference"] == 0).all()
    assert (found.table["changed"] == "").all()
    assert "2 rows in both, 0 differ; 1 only in" in repr(found)


def test_the_weightiest_difference_comes_first(tmp_path):
    a = [sentence(1, sentence_index, loudness_lufs=-23.0) for sentence_index in range(6)]
    b = [
        sentence(1, 0, loudness_lufs=-23.0),
        sentence(1, 1, loudness_lufs=-22.0),
        sentence(1, 2, loudness_lufs=-12.0),
        sentence(1, 3, loudness_lufs=-23.0, flags=["clipped"]),
        sentence(1, 4, loudness_lufs=-23.0, text_norm="Other words."),
        sentence(1, 5, status="failed", error_kind="crash", error="died"),
    ]
    table = compared(tmp_path, a, b).table
    assert list(table["id"]) == ["c1s5", "c1s4", "c1s3", "c1s2", "c1s1", "c1s0"]
    assert list(table["changed"]) == ["status, error_kind", "text_norm", "flags", "", "", ""]
    assert list(table["flags_b"])[2] == "clipped"


def test_the_summary_reports_how_each_measure_moved():
    found = hierbatch.compare(FIRST, SECOND)
    rows = found.summary().set_index("measure")
    both = found.table
    assert rows.loc["Duration (s)", "median_change"] == pytest.approx(
        (both["duration_s_b"] - both["duration_s_a"]).median()
    )
    assert rows.loc["Duration (s)", "risen"] == 1.0  # the second run speaks more slowly
    assert rows.loc["Duration (s)", "n_rows"] == 6


def test_pairs_are_shown_with_both_players():
    html = hierbatch.compare(FIRST, hierbatch.open_run(SECOND)).show(2)._repr_html_()
    assert html.count("<audio") == 4
    assert html.index("<h4>a</h4>") < html.index("<h4>b</h4>")
