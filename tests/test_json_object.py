"""Damaged records end in a message of the job that reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hierbatch.errors import HierbatchError
from hierbatch.jobs.books.book_details import find_details
from hierbatch.json_object import parse_json_object
from hierbatch.manifest.json_log import read_records
from hierbatch.training.prepared_settings import read_settings
from hierbatch.training.run_folder import read_run
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_state

DAMAGED = (b"", b"[]", b"null", b"5", b'{"a": ', b"\xff\xfe", b"[" * 100_000, b'{"a": ' * 100_000, b"9" * 5000)


def test_an_object_is_parsed() -> None:
    assert parse_json_object(b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_anything_else_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of the JSON, the encoding or the kind
        parse_json_object(content)


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("run.json", find_details),
        ("run.json", read_run),
        ("prepared.json", read_settings),
        ("state.json", read_state),
        ("checkpoints/best.json", lambda folder: CheckpointFolder(folder).best()),
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, name: str, read: Callable[[Path], object], content: bytes) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(HierbatchError):
        read(tmp_path)


def test_a_line_of_a_log_that_is_nested_beyond_all_use_costs_no_other_line(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_bytes(b'{"id": "a"}\n' + b"[" * 100_000 + b'\n{"id": "b"}\n')
    assert [record["id"] for record in read_records(tmp_path)] == ["a", "b"]
