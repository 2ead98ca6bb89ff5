"""Decisions of listeners, as the reader of a run applies them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.manifest.decisions.choices import Choice, append_choice
from hierbatch.manifest.runs.parts import REQUESTS_KEY
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS
from tests.manifest.takes.runs_on_disk import PLAN, RunOnDisk, told


@pytest.fixture
def run(tmp_path):
    """One row with three attempts, the first of which is the best, and another row."""
    run = RunOnDisk(tmp_path)
    run.plan([("r0", "k1", 1, 1), ("r1", "k", 1, 2)])
    run.plan([("r0", "k2", 2, 1)], retry=1)
    run.plan([("r0", "k3", 3, 1)], retry=2)
    run.part("a", [("r0", "k1", 1, "ok", [], 1.0), ("r1", "k", 1, "ok")])
    run.part("b", [("r0", "k2", 2, "ok", ["silent"], 3.0), ("r0", "k3", 3, "failed")])
    return run


def decide(run, attempt, verdict, row_id="r0"):
    key = f"k{attempt}" if row_id == "r0" else "k"
    append_choice(run.layout.root, Choice(id=row_id, take_key=key, attempt=attempt, verdict=verdict))


def request(run, rows, retry):
    """Turn a retry plan into one of requested takes; rows are (id, key, attempt, chapter, text)."""
    plan = [path for path in run.layout.plan_files(1) if f"-r{retry:03d}-" in path.name]
    listed = [
        {"id": i, "take_key": key, "attempt": attempt, "chapter": chapter, "position": 0}
        for i, key, attempt, chapter in rows
    ]
    schema = PLAN.with_metadata({**PLAN.metadata, REQUESTS_KEY: b"[]"})
    pq.write_table(pa.Table.from_pylist(listed, schema=schema), plan[0])


def test_a_pin_comes_before_every_ranking_and_is_taken_back(run):
    assert told(run.takes(), "id", "attempt") == [("r0", 1), ("r1", 1)]
    decide(run, 2, "pin")
    assert told(run.takes(), "id", "attempt") == [("r0", 2), ("r1", 1)]
    decide(run, 2, "clear")
    assert told(run.takes(), "id", "attempt") == [("r0", 1), ("r1", 1)]


def test_a_kept_take_comes_before_one_without_a_verdict_and_after_a_pinned_one(run):
    decide(run, 2, "keep")
    assert told(run.takes(), "attempt")[0] == (2,)
    decide(run, 1, "pin")
    assert told(run.takes(), "attempt")[0] == (1,)


def test_a_rejected_take_is_replaced_by_the_best_of_the_others(run):
    decide(run, 1, "reject")
    assert told(run.takes(), "id", "attempt", "status") == [("r0", 2, "ok"), ("r1", 1, "ok")]


def test_a_row_of_rejected_takes_alone_is_a_failed_row_without_audio(run):
    decide(run, 1, "reject", "r1")
    takes = run.takes()
    assert takes.sounds(["r0", "r1"]) == {"r0": b"r0 k1"}
    [row] = takes.rows(["r1"], takes.schema.names).to_pylist()
    assert (row["status"], row["error_kind"], row["flags"], row["chapter"]) == ("failed", "rejected", [], 2)
    assert "reviewer" in row["error"]
    measured = {"duration_s", "n_samples", "sample_rate_hz", "duration_ratio", "timings", "snr_db", "audio"}
    assert {row[name] for name in measured if row[name] is not None} == set()
    assert takes.table(["status"]).schema.field("status").type == pa.string()


def test_candidates_are_all_takes_of_a_row_each_once_with_their_audio(run):
    run.part("c", [("r0", "k2", 2, "ok", ["silent"], 3.0)])  # a unit that was processed twice
    decide(run, 1, "reject")
    found = run.takes().candidates(["r1", "r0"], ["id", "attempt", "audio"]).to_pylist()
    sounds = [take["audio"] and take["audio"]["bytes"] for take in found]
    assert [(take["id"], take["attempt"], take["is_best"], take["verdict"]) for take in found] == [
        ("r0", 1, False, "reject"),
        ("r0", 2, True, None),
        ("r0", 3, False, None),
        ("r1", 1, True, None),
    ]
    assert sounds == [b"r0 k1", b"r0 k2", None, b"r1 k"]
    assert run.takes().candidates(["nobody"], ["id"]).num_rows == 0


def test_a_requested_take_counts_once_it_was_chosen_and_brings_its_own_values(run):
    run.part("b", [("r0", "k2", 2, "ok", [], 1.0), ("r0", "k3", 3, "failed")])
    request(run, [("r0", "k2", 2, 9)], retry=1)
    assert told(run.takes(), "attempt", "chapter") == [(1, 1), (1, 2)]
    decide(run, 2, "pin")
    assert told(run.takes(), "attempt", "chapter") == [(2, 9), (1, 2)]
    assert run.takes().planned(["id", "chapter"]).to_pylist() == [
        {"id": "r0", "chapter": 9},
        {"id": "r1", "chapter": 2},
    ]
    assert [row["chapter"] for row in run.takes().candidates(["r0"], ["chapter"]).to_pylist()] == [1, 9, 1]


def test_a_requested_take_is_used_where_no_planned_one_is_good(run):
    run.part("a", [("r0", "k1", 1, "failed"), ("r1", "k", 1, "ok")])
    request(run, [("r0", "k2", 2, 9)], retry=1)
    assert told(run.takes(), "attempt", "chapter")[0] == (2, 9)
    decide(run, 2, "reject")
    assert told(run.takes(), "attempt", "status", "chapter")[0] == (3, "failed", 1)


def test_a_verdict_on_a_take_that_is_missing_changes_nothing(run):
    before = told(run.takes(), *TAKE_ID_COLUMNS)
    decide(run, 7, "pin")
    decide(run, 1, "reject", row_id="nobody")
    assert told(run.takes(), *TAKE_ID_COLUMNS) == before
