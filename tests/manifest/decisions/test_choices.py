import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hierbatch.errors import InputError, RunError
from hierbatch.manifest.decisions.choices import Choice, append_choice, read_choices
from hierbatch.manifest.decisions.row_edits import RowEdit

WRITER = """
import sys
from pathlib import Path
from hierbatch.manifest.decisions.choices import Choice, append_choice
for number in range(40):
    append_choice(Path(sys.argv[1]), Choice(id=f"{sys.argv[2]}-{number}", note="x" * 2000))
"""


def decide(run, verdict, key="k1", attempt=1, row_id="a"):
    return append_choice(run, Choice(id=row_id, take_key=key, attempt=attempt, verdict=verdict))


def test_concurrent_writers_lose_no_line(tmp_path):
    arguments = [[sys.executable, "-c", WRITER, str(tmp_path), name] for name in "abc"]
    writers = [subprocess.Popen(line) for line in arguments]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: append_choice(tmp_path, Choice(id=f"t-{n}", note="x")), range(40)))
    choices = read_choices(tmp_path)
    assert set(choices) == {f"{name}-{number}" for name in "abct" for number in range(40)}
    assert len(list((tmp_path / "choices").iterdir())) == 4


def test_a_written_decision_is_read_as_it_was_written(tmp_path):
    edit = RowEdit(text="Zwölf, 열둘", speed=1.2, base_text="12")
    written = append_choice(
        tmp_path, Choice(id="a", take_key="k", attempt=3, verdict="pin", edit=edit, note='"\n', listened=True, who="me")
    )
    row = read_choices(tmp_path).row("a")
    assert row.history == (written,)
    assert (row.pinned, row.edit, row.note, row.is_listened) == (("k", 3), edit, '"\n', True)


def test_a_later_verdict_replaces_the_earlier_one_of_the_same_take(tmp_path):
    decide(tmp_path, "reject")
    decide(tmp_path, "keep", key="k2", attempt=2)
    decide(tmp_path, "keep")
    assert read_choices(tmp_path).row("a").verdicts == {("k1", 1): "keep", ("k2", 2): "keep"}
    assert len(read_choices(tmp_path).row("a").history) == 3


@pytest.mark.parametrize("taking_back", ["clear", "reject"])
def test_without_the_last_pin_the_pin_before_it_counts_again(tmp_path, taking_back):
    decide(tmp_path, "pin")
    decide(tmp_path, "pin", attempt=2)
    assert read_choices(tmp_path).row("a").pinned == ("k1", 2)
    assert read_choices(tmp_path).verdict("a", "k1", 1) == "keep"
    decide(tmp_path, taking_back, attempt=2)
    assert read_choices(tmp_path).row("a").pinned == ("k1", 1)


def test_edits_notes_and_marks_are_replaced_one_by_one(tmp_path):
    append_choice(tmp_path, Choice(id="a", edit=RowEdit(text="b"), note="why", listened=True))
    append_choice(tmp_path, Choice(id="a", note=""))
    row = read_choices(tmp_path).row("a")
    assert (row.edit.text, row.note, row.is_listened) == ("b", "", True)
    append_choice(tmp_path, Choice(id="a", edit=RowEdit(), listened=False))
    row = read_choices(tmp_path).row("a")
    assert (row.edit, row.is_listened) == (RowEdit(), False)


def test_a_run_without_decisions_has_none(tmp_path):
    assert len(read_choices(tmp_path)) == 0
    assert read_choices(tmp_path).row("a").pinned is None
    assert read_choices(tmp_path).verdict("a", "k", 1) is None


def test_a_truncated_line_costs_no_other_line(tmp_path):
    decide(tmp_path, "keep")
    [log] = (tmp_path / "choices").iterdir()
    log.write_bytes(log.read_bytes() + b'{"id": "a", "verdict": "re')
    assert read_choices(tmp_path).verdict("a", "k1", 1) == "keep"
    decide(tmp_path, "pin", attempt=2)
    assert read_choices(tmp_path).row("a").verdicts == {("k1", 1): "keep", ("k1", 2): "pin"}


def test_a_clock_that_is_set_back_does_not_reorder_the_lines_of_a_writer(tmp_path):
    folder = tmp_path / "choices"
    folder.mkdir()
    line = '{"id": "a", "take_key": "k", "attempt": 1, "verdict": "%s", "when": "%s"}\n'
    (folder / "x.jsonl").write_text(line % ("pin", "2030-01-02") + line % ("reject", "2030-01-01"))
    assert read_choices(tmp_path).verdict("a", "k", 1) == "reject"


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "a", "verdict": "keep"},
        {"id": "a", "verdict": "perhaps", "take_key": "k", "attempt": 1},
        {"id": "", "note": "x"},
    ],
)
def test_a_decision_without_a_subject_is_refused(fields):
    with pytest.raises(InputError, match="Fix: "):
        Choice(**fields)


@pytest.mark.parametrize("values", [{"speed": 9}, {"speed": "2"}, {"pause_after_s": -1}, {"text": 3}])
def test_an_edit_out_of_range_is_refused(values):
    with pytest.raises(InputError, match="Fix: "):
        RowEdit(**values)


def test_a_verdict_of_a_newer_version_is_not_ignored(tmp_path):
    (tmp_path / "choices").mkdir()
    (tmp_path / "choices" / "x.jsonl").write_text('{"id": "a", "take_key": "k", "attempt": 1, "verdict": "perhaps"}\n')
    with pytest.raises(RunError, match="perhaps"):
        read_choices(tmp_path)
