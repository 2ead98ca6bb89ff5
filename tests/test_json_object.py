"""Damaged records end in a message of the job that reads them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from hierbatch.errors import HierbatchError
from hierbatch.jobs.books.book_details import find_details
from hierbatch.json_object import parse_json_object
from hierbatch.manifest.decisions.choices import read_choices
from hierbatch.manifest.decisions.json_log import read_records
from hierbatch.manifest.decisions.take_requests import read_requests
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.training.prepared_settings import read_settings
from hierbatch.training.run_folder import read_run
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_state

DAMAGED = (
    b"",
    b"[]",
    b"null",
    b"5",
    b'{"a": ',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a": ' * 100_000,
    b"9" * 5000,
    b'{"a": "\\ud800"}',
)


def test_an_object_is_parsed() -> None:
    assert parse_json_object(b'{"a": [1, "\\u00e9"]}') == {"a": [1, "é"]}


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


_JUNK = (None, [], {}, "", -1, 0.5, True, [None], {"x": {}}, "\ud800", [["k"]], [["k", 1]])
_DECISION = {"id": "a", "take_key": "k", "attempt": 1, "verdict": "keep", "edit": {}, "note": "n", "listened": True}
_REQUEST = {"request": "r", "id": "a", "edit": {}, "n_takes": 1, "corrected_word": "w", "who": "me"}
_ANSWER = {"answer_to": "good", "answer": "planned", "takes": [["k", 1]], "base_text": "t", "error": "e"}
_GOOD = {"request": "good", "id": "b"}


@pytest.mark.parametrize("record", [_DECISION, _REQUEST, _ANSWER], ids=["decision", "request", "answer"])
def test_decisions_and_requests_of_other_shapes_cost_a_message_at_most(
    tmp_path: Path, record: dict[str, object]
) -> None:
    layout = RunLayout(tmp_path)
    for folder in (layout.choices, layout.requests):
        folder.mkdir(parents=True)
    for name, junk in itertools.product(record, _JUNK):
        lines = [json.dumps(_GOOD), json.dumps({**record, name: junk})]
        for folder in (layout.choices, layout.requests):
            (folder / "1.jsonl").write_text("\n".join(lines) + "\n")
        with suppress(HierbatchError):
            choices = read_choices(tmp_path)
            assert [choices.row(row_id).verdicts for row_id in choices]
        assert "good" in read_requests(tmp_path)
