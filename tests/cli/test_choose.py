import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.errors import InputError
from hierbatch.jobs.run import run
from hierbatch.manifest.decisions.choices import read_choices
from hierbatch.manifest.takes.takes import Takes
from tests.jobs.running import job


@pytest.fixture
def folder(tmp_path):
    run(job(tmp_path, 3))
    return tmp_path / "run"


def call(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def attempts(folder):
    return Takes(folder).table(["attempt"]).column("attempt").to_pylist()


def test_a_new_take_counts_once_it_is_pinned_and_no_longer_once_that_is_taken_back(folder):
    result = call("respeak", folder, "r001", "--takes", "2", "--speed", "1.2")
    assert result.output.splitlines()[0] == "r001: attempt 2, 3"
    assert attempts(folder) == [1, 1, 1]
    lines = call("choose", folder, "r001", "--verdict", "pin", "--attempt", "2", "--who", "ann").output.splitlines()
    assert [line[:18] for line in lines] == ["  r001 attempt 1: ", "* r001 attempt 2: ", "  r001 attempt 3: "]
    assert "[pin]" in lines[1]
    assert attempts(folder) == [1, 2, 1]
    call("choose", folder, "r001", "--verdict", "clear")
    assert attempts(folder) == [1, 1, 1]
    assert [choice.verdict for choice in read_choices(folder).row("r001").history] == ["pin", "clear"]


def test_a_rejected_row_is_reported_as_failed_and_retried_by_its_kind(folder):
    call("choose", folder, "r000", "r002", "--verdict", "reject", "--note", "mumbled")
    assert "failed, rejected: 2" in call("status", folder).output
    assert call("retry", folder, "--kind", "rejected", "--engine", "local").exit_code == 0
    assert attempts(folder) == [2, 1, 2]
    assert read_choices(folder).row("r000").note == "mumbled"


def test_a_respoken_row_may_be_pinned_at_once(folder):
    assert "pinned" in call("respeak", folder, "r000", "--pin").output
    assert attempts(folder) == [2, 1, 1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("r000", "--verdict", "perhaps"),
        ("nobody",),
        ("nobody", "--verdict", "pin"),
        ("r000", "--verdict", "pin", "--attempt", "7"),
        ("r000", "--verdict", "clear"),
    ],
)
def test_what_cannot_be_decided_is_refused(folder, arguments):
    with pytest.raises(InputError, match="Fix: "):
        call("choose", folder, *arguments)
    assert len(read_choices(folder)) == 0


def test_a_refused_request_ends_with_its_reason(folder):
    result = call("respeak", folder, "nobody")
    assert (result.exit_code, "no such row" in result.output) == (2, True)
