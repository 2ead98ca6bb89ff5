"""`plan`, `run`, `status`, `retry` and `compact` as a user meets them, one after the other."""

import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.engine.run_folder import RunFolder, lock_run, open_generation
from tests.engine.fake_model import Fault
from tests.engine.planned_run import bundle_folder
from tests.making import manifest_file, prompt_file


@pytest.fixture
def invoke(tmp_path):
    """A command with the fake model, in words; gives exit code and output."""
    manifest_file(tmp_path, 70, {3: Fault.RAISE, 9: Fault.CLIPPED})
    prompt_file(tmp_path, duration_s=20.0)
    bundle = bundle_folder(tmp_path)

    def command(words):
        words = words.format(folder=tmp_path, model=f"--model {bundle}")
        result = CliRunner().invoke(app, words.split())
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return command


RUN = "run {folder}/m.parquet --voice {folder}/anna.wav --out {folder}/run --engine local --max-retakes 0 {model}"


def test_the_life_of_a_run(invoke):
    code, said = invoke("plan {folder}/m.parquet --voice {folder}/anna.wav {model}")
    assert (code, "70 rows in 2 work units" in said, "15.0 s are used" in said) == (0, True, True)
    code, said = invoke(RUN)
    assert code == 3
    for part in ("69 of 70 rows done, 1 failed", "failed, exception: 1", "flagged, clipped: 1", "hierbatch retry"):
        assert part in said, said
    code, said = invoke("status {folder}/run")
    assert (code, "not running" in said, "69 of 70 rows done, 1 failed" in said) == (0, True, True)
    code, said = invoke("retry {folder}/run --kind exception --engine local")
    assert (code, "This session: 1 rows" in said) == (3, True)
    code, said = invoke("compact {folder}/run")
    assert (code, "70 takes in 1 files" in said) == (0, True)
    code, said = invoke(RUN)
    assert (code, "This session" in said) == (3, False)


def test_a_status_shows_a_generation_without_a_plan(invoke, tmp_path):
    manifest_file(tmp_path, 3)
    invoke(RUN)
    folder = RunFolder(tmp_path / "run")
    open_generation(folder, {"killed": "before its plan"}, {}, update=True)
    told = "Counts are of generation 1: generation 2"
    _, said = invoke("status {folder}/run")
    assert f"{told} has no plan yet" in said
    assert "3 of 3 rows done" in said
    with lock_run(folder):
        assert f"{told} is being planned" in invoke("status {folder}/run")[1]


def test_a_run_without_failed_rows_ends_well(invoke, tmp_path):
    manifest_file(tmp_path, 3)
    assert invoke(RUN)[0] == 0


def test_a_run_in_which_too_much_fails_is_stopped_with_the_most_frequent_reasons(invoke, tmp_path):
    faults = dict.fromkeys(range(140), Fault.REFUSE) | dict.fromkeys(range(0, 140, 3), Fault.RAISE) | {1: Fault.NAN}
    manifest_file(tmp_path, 140, faults)
    code, said = invoke(RUN)
    assert code == 75
    assert "too many rows failed, 64 of 64" in said
    assert "76 not done yet" in said
    reasons = [line.split(" x ")[1] for line in said.splitlines() if " x " in line and "real time" not in line]
    assert reasons[0] == "synthesis: the fake model was told to refuse"
    assert reasons[1] == "exception: ZeroDivisionError: the fake model was told to raise"


def test_rows_that_cannot_be_spoken_are_named_by_the_plan(invoke, tmp_path):
    (tmp_path / "m.csv").write_text("id,text,language\na,Good morning.,en\nb,...,en\n")
    code, said = invoke("plan {folder}/m.csv --voice {folder}/anna.wav {model}")
    assert code == 3
    assert "b: There is nothing to say" in said
