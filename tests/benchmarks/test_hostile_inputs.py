"""Inputs made to break the readers end in a message; a sample of the benchmark."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.hostile_inputs import Outcome, outcomes
from benchmarks.hostile_makers import MAKERS


def test_a_crash_a_traceback_and_a_limit_are_failures() -> None:
    good = Outcome(command="import", code=3, cpu_s=1.0, mb=100, log="")
    assert good.passed
    for changes in (
        {"code": 1},
        {"code": -11},
        {"cpu_s": 21.0},
        {"mb": 2000},
        {"log": "Traceback (most recent call last)"},
    ):
        values = {"command": "import", "code": 0, "cpu_s": 1.0, "mb": 100, "log": ""} | changes
        assert not Outcome(**values).passed


@pytest.mark.parametrize("kind", MAKERS)
def test_one_seed_gives_one_input(kind: str) -> None:
    assert MAKERS[kind](random.Random("x 5"))[0] == MAKERS[kind](random.Random("x 5"))[0]


@pytest.mark.slow  # a process for each command
@pytest.mark.parametrize("kind", MAKERS)
def test_made_inputs_end_in_a_message(kind: str, tmp_path: Path) -> None:
    suffix, content = MAKERS[kind](random.Random(f"{kind} sample"))
    path = tmp_path / f"made{suffix}"
    path.write_bytes(content)
    for outcome in outcomes(path, tmp_path):
        assert outcome.passed, (outcome.command, outcome.code, outcome.cpu_s, outcome.mb, outcome.log[-500:])
