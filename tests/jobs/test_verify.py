"""Damage of a committed run is found, and named by id."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.errors import RunError
from hierbatch.jobs.corpora.export import ExportJob, export
from hierbatch.jobs.run import run
from hierbatch.jobs.status import read_status
from hierbatch.jobs.verify import verify_takes
from tests.jobs.running import job


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    asked = job(tmp_path, 6)
    run(asked)
    return asked.out


def damage(folder: Path, row_id: str) -> None:
    """Flip one bit in the middle of the audio of a row."""
    (part,) = (folder / "parts").glob("*.parquet")
    rows = pq.read_table(part)
    (content,) = (row["audio"]["bytes"] for row in rows.to_pylist() if row["id"] == row_id)
    data = bytearray(part.read_bytes())
    at = data.index(content) + len(content) // 2
    data[at] ^= 0x10
    part.write_bytes(data)


def test_an_intact_run_passes(finished: Path) -> None:
    assert (verify_takes(finished).n_takes, verify_takes(finished).damaged) == (6, ())
    result = CliRunner().invoke(app, ["status", str(finished), "--verify"])
    assert result.exit_code == 0
    assert "6 takes verified, 0 damaged" in result.output


def test_a_flipped_bit_is_found_by_status_and_export(finished: Path, tmp_path: Path) -> None:
    damage(finished, "r003")
    assert [take.id for take in verify_takes(finished).damaged] == ["r003"]
    result = CliRunner().invoke(app, ["status", str(finished), "--verify"])
    assert result.exit_code == 3
    assert "damaged, r003" in result.output
    with pytest.raises(RunError, match="audio of row r003 is damaged"):
        export(ExportJob(run=finished, to="ljspeech", out=tmp_path / "export"))
    assert not (tmp_path / "export").exists()


@pytest.mark.parametrize(
    "foreign",
    [
        pa.table({"a": [1]}),
        pa.table(
            {"id": [1], "take_key": ["x"], "attempt": [1], "status": ["ok"], "flags": [[]], "duration_ratio": [1.0]}
        ),
        pa.table({"id": pa.array([b"\xff"]).view(pa.binary())}),
    ],
)
def test_a_foreign_part_is_named(finished: Path, foreign: pa.Table) -> None:
    pq.write_table(foreign, finished / "parts" / "mine.parquet")
    with pytest.raises(RunError, match=r"mine\.parquet is not a file of this run"):
        read_status(finished)


@pytest.mark.parametrize("name", ["plan/g0001.parquet", "plan/g0001-voices.parquet"])
@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 and more than that PAR1", None])
def test_a_damaged_or_foreign_plan_ends_in_a_message(
    finished: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is None:
        pq.write_table(pa.table({"a": [1]}), finished / name)
    else:
        (finished / name).write_bytes(content)
    with pytest.raises(RunError):
        export(ExportJob(run=finished, to="ljspeech", out=tmp_path / "export"))


@pytest.mark.parametrize(
    "text",
    [
        "[]", "null", "[" * 100_000, "5", '{"format": 1}', '{"format": 1, "generations": []}', '{"format": [1]}',
        '{"format": 1, "generations": [5]}', '{"format": 1, "generations": [{"number": 1}]}',
        '{"format": 1, "generations": [{"number": 1, "settings": {}, "origin": {}, "started_at": "2026-01-01"}]}',
        '{"format": 1, "generations": [{"number": 1, "settings": [], "origin": {}, "started_at": "2026-01-01"}]}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["status", "retry"])
def test_a_damaged_record_ends_in_a_message(finished: Path, text: str, command: str) -> None:
    (finished / "run.json").write_text(text)
    result = CliRunner().invoke(app, [command, str(finished)])
    assert isinstance(result.exception, RunError), result.exception
