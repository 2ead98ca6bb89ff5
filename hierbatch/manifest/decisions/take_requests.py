"""Requests for new takes of single rows, and the answers to them: append-only lines in `RUN/requests/`.

The driver of a run answers requests before its next work unit; if no driver runs, `hierbatch.jobs.respeak` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from hierbatch.errors import InputError
from hierbatch.manifest.decisions.choices import TakeName
from hierbatch.manifest.decisions.json_log import append_record, read_records
from hierbatch.manifest.decisions.row_edits import RowEdit
from hierbatch.manifest.runs.run_layout import RunLayout

MAX_TAKES = 5
"""Maximum number of takes per request."""

PLANNED, REFUSED, WITHDRAWN = "planned", "refused", "withdrawn"
"""Answers to a request: its takes are planned, so their keys and attempts are known; it was refused as invalid; or its
author has withdrawn it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRequest:
    """Request for new takes of a row, each with a new seed."""

    id: str
    """Id of the row."""
    edit: RowEdit = field(default_factory=RowEdit)
    """Values used instead of those of the manifest; an empty edit requests new takes of the row as planned."""
    n_takes: int = 1
    corrected_word: str | None = None
    """Word whose pronunciation was corrected, if this is the reason; the first take is then pinned when planned."""
    who: str | None = None
    when: str | None = None
    """Time at which the request was appended (ISO 8601, UTC); set by `append_request`."""
    request: str = field(default_factory=lambda: uuid4().hex)
    """Unique name of the request."""

    def __post_init__(self) -> None:
        if not 1 <= self.n_takes <= MAX_TAKES:
            raise InputError(
                "The number of takes is out of range",
                expected=f"1 to {MAX_TAKES}",
                got=str(self.n_takes),
                fix="change n_takes",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestState:
    """A request and its answer."""

    request: TakeRequest
    answer: str | None = None
    """`planned`, `refused` or `withdrawn`; None while the request is waiting."""
    takes: tuple[TakeName, ...] = ()
    """Key and attempt of each planned take; they exist once the work unit is committed."""
    error: str = ""
    """Reason of a refusal."""
    base_text: str | None = None
    """Text of the row in the plan when the takes were planned, or the phonemes of the row if it had no text."""


def append_request(run: Path, request: TakeRequest) -> TakeRequest:
    """Append a request to the log of this process, and flush the log to disk.

    Returns:
        The request, with the time of writing in `when`.

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the folder cannot be written to.
    """
    record = append_record(
        RunLayout(run).requests,
        {
            "request": request.request,
            "id": request.id,
            "edit": request.edit.to_record(),
            "n_takes": request.n_takes,
            "corrected_word": request.corrected_word,
            "who": request.who,
        },
    )
    return replace(request, when=record["when"])


def answer_request(
    run: Path,
    name: str,
    answer: str,
    *,
    takes: Sequence[TakeName] = (),
    base_text: str | None = None,
    error: str = "",
) -> None:
    """Append the answer to a request.

    Args:
        run: run folder.
        name: name of the request.
        answer: `planned`, `refused` or `withdrawn`.
        takes: key and attempt of each planned take.
        base_text: text of the row in the plan when the takes were planned, or its phonemes if it had no text.
        error: reason of a refusal.

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the folder cannot be written to.
    """
    append_record(
        RunLayout(run).requests,
        {
            "answer_to": name,
            "answer": answer,
            "takes": list(map(list, takes)),
            "base_text": base_text,
            "error": error or None,
        },
    )


def read_requests(run: Path) -> dict[str, RequestState]:
    """Read all requests of a run with their answers, oldest first, by name; malformed lines are skipped.

    Raises:
        RunError: a file cannot be read.
    """
    records = read_records(RunLayout(run).requests)
    states = {record["request"]: _read_request(record) for record in records if _has_texts(record, "request", "id")}
    for record in records:
        name = record.get("answer_to")
        takes = record.get("takes", ())
        if not _has_texts(record, "answer_to", "answer") or name not in states or not _are_take_names(takes):
            continue
        if states[name].answer in (None, WITHDRAWN):
            states[name] = replace(
                states[name],
                answer=record["answer"],
                takes=tuple((key, attempt) for key, attempt in takes),
                error=str(record.get("error") or ""),
                base_text=str(record["base_text"]) if record.get("base_text") is not None else None,
            )
    return states


def _has_texts(record: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(record.get(name), str) for name in names)


def _are_take_names(value: Any) -> bool:
    """True for a sequence of pairs of a key and an attempt."""
    return isinstance(value, list | tuple) and all(
        isinstance(take, list) and [type(part) for part in take] == [str, int] for take in value
    )


def waiting_requests(states: Iterable[RequestState]) -> list[TakeRequest]:
    """Requests without an answer, oldest first."""
    return [state.request for state in states if state.answer is None]


def _read_request(record: Mapping[str, Any]) -> RequestState:
    """State of a request before its answer is read; an invalid request counts as refused."""
    word = record.get("corrected_word")
    request = TakeRequest(
        request=record["request"],
        id=record["id"],
        corrected_word=word if isinstance(word, str) else None,
        who=str(record.get("who") or "") or None,
        when=str(record.get("when") or "") or None,
    )
    try:
        edit = RowEdit.from_record(record.get("edit", {}))
        request = replace(request, edit=edit, n_takes=record.get("n_takes", 1))
    except (InputError, TypeError) as error:
        return RequestState(request=request, answer=REFUSED, error=str(error))
    return RequestState(request=request)
