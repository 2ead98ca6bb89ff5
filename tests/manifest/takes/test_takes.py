import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import RunError
from tests.manifest.takes.runs_on_disk import TAKES, RunOnDisk, told


@pytest.fixture
def run(tmp_path):
    return RunOnDisk(tmp_path)


def test_takes_come_in_the_order_of_the_manifest_whatever_part_they_are_in(run):
    run.plan([(f"r{i}", f"k{i}", 1, i) for i in range(5)])
    run.part("b", [("r1", "k1", 1, "ok"), ("r4", "k4", 1, "ok"), ("r0", "k0", 1, "ok")])
    run.part("a", [("r3", "k3", 1, "failed")])
    takes = run.takes()
    assert told(takes, "id", "status") == [("r0", "ok"), ("r1", "ok"), ("r3", "failed"), ("r4", "ok")]
    assert (len(takes), takes.n_rows, takes.ids) == (4, 5, ["r0", "r1", "r3", "r4"])


def test_a_unit_worked_twice_counts_once(run):
    run.plan([("r0", "k0", 1, 1), ("r1", "k1", 1, 1)])
    run.part("u1", [("r0", "k0", 1, "ok"), ("r1", "k1", 1, "ok")])
    run.part("u1.0", [("r0", "k0", 1, "ok")])
    assert told(run.takes(), "id") == [("r0",), ("r1",)]


def test_the_last_good_attempt_counts(run):
    run.plan([("r0", "k0", 1, 1), ("r1", "k1", 1, 1), ("r2", "k2", 1, 1)])
    run.plan([("r0", "k0b", 2, 1), ("r1", "k1b", 2, 1)], retry=1)
    run.part("u", [("r0", "k0", 1, "failed"), ("r1", "k1", 1, "ok"), ("r2", "k2", 1, "failed")])
    run.part("r", [("r0", "k0b", 2, "ok"), ("r1", "k1b", 2, "failed")])
    assert told(run.takes()) == [("r0", "k0b", "ok"), ("r1", "k1", "ok"), ("r2", "k2", "failed")]


@pytest.mark.parametrize(
    ("first", "second", "third", "counts"),
    [
        (("ok", ["clipped"], 1.0), ("failed", [], None), ("ok", [], 1.2), 3),  # without flags before flagged
        (("ok", ["clipped"], 1.0), ("ok", ["clipped", "silent"], 1.0), ("failed", [], None), 1),  # fewer flags
        (("ok", ["too_long"], 3.0), ("ok", ["too_short"], 0.38), ("ok", ["too_long"], 2.6), 3),  # nearest, as a ratio
        (("ok", ["too_short"], 0.34), ("ok", ["too_long"], 2.9), ("ok", ["too_long"], 3.0), 2),
        (("ok", ["clipped"], 1.0), ("ok", ["clipped"], 1.0), ("failed", [], None), 2),  # the last of equals
        (("ok", [], 0.5), ("ok", [], 1.0), ("ok", [], 2.0), 1),  # a good one stays
        (("failed", [], None), ("failed", [], None), ("failed", [], None), 3),
    ],
)
def test_the_best_of_several_attempts_counts(run, first, second, third, counts):
    for number, judged in enumerate((first, second, third), start=1):
        run.plan([("r0", f"k{number}", number, 1)], retry=number - 1)
        run.part(f"u{number}", [("r0", f"k{number}", number, *judged)])
    assert told(run.takes(), "attempt") == [(counts,)]


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (("ok", [], 1.9), ("ok", ["silent"], 1.0), 2),  # that passes the rule, though it has a flag
        (("ok", ["silent"], 1.0), ("ok", [], 1.9), 1),
        (("ok", [], 1.9), ("ok", [], 2.4), 1),  # both rejected: the nearer
        (("ok", [], 1.9), ("failed", [], None), 1),
        (("ok", [], 1.4), ("ok", [], 1.0), 1),
    ],
)
def test_in_a_corpus_what_its_rules_let_pass_comes_before_what_has_no_flags(run, first, second, counts):
    rules = '[[rule]]\nname = "long"\ncolumn = "duration_ratio"\nmax = 1.5\nwhere = { chapter = 1 }\n'
    run.layout.corpus_filter.parent.mkdir()
    run.layout.corpus_filter.write_text(rules)
    for number, judged in enumerate((first, second), start=1):
        run.plan([("other", "k", 1, 2), ("r0", f"k{number}", number, 1)], retry=number - 1)
        run.part(f"u{number}", [("r0", f"k{number}", number, *judged), ("other", "k", 1, "ok")])
    assert told(run.takes(), "id", "attempt") == [("other", 1), ("r0", counts)]


def test_a_new_generation_keeps_what_is_still_asked_for_in_its_new_place(run):
    run.plan([("r0", "k0", 1, 1), ("r1", "k1", 1, 1), ("gone", "k9", 1, 1)])
    run.part("g1", [("r0", "k0", 1, "ok"), ("r1", "k1", 1, "ok"), ("gone", "k9", 1, "ok")])
    run.plan([("r1", "k1", 1, 7), ("r0", "edited", 1, 8)], generation=2)
    assert told(run.takes(), "id", "take_key", "chapter") == [("r1", "k1", 7)]
    run.part("g2", [("r0", "edited", 1, "ok")])
    assert told(run.takes(), "id", "take_key", "chapter") == [("r1", "k1", 7), ("r0", "edited", 8)]


def test_sounds_are_those_of_the_takes_that_count(run):
    run.plan([("r0", "k0", 1, 1), ("r1", "k1", 1, 1), ("r2", "k2", 1, 1)])
    run.part("u", [("r2", "k2", 1, "ok"), ("r0", "old", 1, "ok"), ("r0", "k0", 1, "ok"), ("r1", "k1", 1, "failed")])
    assert run.takes().sounds(["r0", "r1", "r2", "nobody"]) == {"r0": b"r0 k0", "r2": b"r2 k2"}


def test_pieces_hold_all_that_counts_in_the_schema_of_the_takes(run):
    run.plan([(f"r{i}", f"k{i}", 1, i) for i in range(6)])
    run.part("a", [(f"r{i}", f"k{i}", 1, "ok") for i in (5, 3, 1)])
    run.part("b", [(f"r{i}", f"k{i}", 1, "ok") for i in (0, 2, 4)])
    pieces = list(run.takes().iter_tables(TAKES.names))
    assert [piece.column("id").to_pylist() for piece in pieces] == [["r5", "r3", "r1"], ["r0", "r2", "r4"]]
    assert all(piece.schema.equals(TAKES) for piece in pieces)
    assert pieces[0].column("chapter").to_pylist() == [5, 3, 1]


def test_a_damaged_part_is_named_with_its_fix(run):
    run.plan([("r0", "k0", 1, 1)])
    run.part("u", [("r0", "k0", 1, "ok")])
    part = run.layout.part_file("u")
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(RunError, match=r"u\.parquet cannot be read.*delete it"):
        run.takes()


def test_a_run_without_takes_is_empty_and_one_without_a_plan_is_reported(run):
    with pytest.raises(RunError, match="no plan"):
        run.takes()
    run.plan([("r0", "k0", 1, 1)])
    assert told(run.takes()) == []
    assert run.takes().sounds(["r0"]) == {}


def test_chosen_rows_come_in_the_order_of_the_manifest(run):
    run.plan([(f"r{i}", f"k{i}", 1, i) for i in range(4)])
    run.part("a", [(f"r{i}", f"k{i}", 1, "ok") for i in (3, 1)])
    run.part("b", [(f"r{i}", f"k{i}", 1, "ok") for i in (0, 2)])
    rows = run.takes().rows(["r3", "r0", "nobody"], ["chapter", "id"])
    assert rows.to_pylist() == [{"chapter": 0, "id": "r0"}, {"chapter": 3, "id": "r3"}]
    assert run.takes().rows(["nobody"], ["id"]).num_rows == 0


def test_a_measure_that_a_later_version_added_is_empty_in_older_parts(run):
    run.plan([("r0", "k0", 1, 1), ("r1", "k1", 1, 1)])
    run.part("old", [("r0", "k0", 1, "ok")])
    old = run.layout.part_file("old")
    pq.write_table(pq.read_table(old).drop_columns(["snr_db"]), old)
    run.part("new", [("r1", "k1", 1, "ok")])
    assert told(run.takes(), "id", "snr_db") == [("r0", None), ("r1", None)]
    assert run.takes().table(["snr_db"]).schema.field("snr_db").type == pa.float32()
