"""Decisions on a snapshot that is read already: the same as reading the run again."""

import numpy as np
import pytest

from hierbatch.manifest.decisions.choices import CLEAR, KEEP, PIN, REJECT, Choice, append_choice
from tests.manifest.takes.runs_on_disk import RunOnDisk, told


@pytest.fixture
def run(tmp_path):
    run = RunOnDisk(tmp_path)
    run.plan([(f"r{number}", f"k{number}", 1, number) for number in range(6)])
    run.plan([(f"r{number}", f"k{number}", 2, number) for number in range(3)], retry=1)
    run.part("g0001-u000000", [(f"r{number}", f"k{number}", 1, "ok") for number in (5, 3, 1, 0)])
    run.part("g0001-u000001", [("r4", "k4", 1, "failed"), ("r2", "k2", 1, "ok")])
    run.part("g0001-r001-u000000", [(f"r{number}", f"k{number}", 2, "ok") for number in (2, 0, 1)])
    return run


def test_decisions_have_the_same_effect_as_reading_the_run_again(run):
    rng = np.random.default_rng(0)
    takes = run.takes()
    for _ in range(25):
        number = int(rng.integers(6))
        verdict = str(rng.choice([KEEP, REJECT, PIN, CLEAR]))
        attempt = int(rng.integers(1, 3))
        append_choice(run.layout.root, Choice(id=f"r{number}", take_key=f"k{number}", attempt=attempt, verdict=verdict))
        takes = takes.redecided()
        columns = ("id", "attempt", "status")
        assert told(takes, *columns) == told(run.takes(), *columns)


def test_planned_rows_are_read_by_their_ids(run):
    takes = run.takes()
    assert takes.planned(["id", "chapter"], ["r4", "r1", "none"]).to_pylist() == [
        {"id": "r1", "chapter": 1},
        {"id": "r4", "chapter": 4},
    ]


def test_a_decision_on_a_take_that_is_not_made_yet_changes_nothing(tmp_path):
    run = RunOnDisk(tmp_path)
    run.plan([("r0", "k0", 1, 0), ("r1", "k1", 1, 1)])
    run.part("g0001-u000000", [("r0", "k0", 1, "ok")])
    takes = run.takes()
    append_choice(run.layout.root, Choice(id="r1", take_key="k1", attempt=1, verdict=PIN))
    assert told(takes.redecided(), "id", "attempt") == told(takes, "id", "attempt")
