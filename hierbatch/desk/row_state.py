"""State of a row for the pages: its current take, verdicts and open requests, as flags of one integer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

from hierbatch.desk.run_view import RunState
from hierbatch.manifest.decisions.choices import KEEP, PIN, REJECT, RowChoices
from hierbatch.manifest.decisions.row_edits import RowEdit
from hierbatch.manifest.decisions.take_requests import PLANNED, RequestState


class Mark(IntFlag):
    """Flags of a row, for filters and colors."""

    FAILED = 1
    FLAGGED = 2
    PLAYED = 4
    KEPT = 8
    REJECTED = 16
    PINNED = 32
    MISSING = 64
    """No take yet."""
    REQUESTED = 128
    """New takes are being made."""
    UNDECIDED = 256
    """A decision is needed: the take is flawed or rejected and not kept, or new takes have not been compared yet."""
    NOTED = 512
    EDITED = 1024
    DOUBTFUL = 2048
    """A word of the current take may be wrong."""


_NO_EDIT = RowEdit()


@dataclass(frozen=True, slots=True)
class RowState:
    """Marks of a row and the verdict on its current take."""

    marks: Mark
    verdict: str | None


class RowStates:
    """States of the rows of one snapshot."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._requests = _by_row(state.requests.values())

    def row(self, row_id: str) -> RowState:
        """State of a row."""
        facts, choices = self._state.facts_of([row_id]).get(row_id), self._state.choices.row(row_id)
        requests = self._requests.get(row_id, ())
        verdict = choices.verdicts.get((facts["take_key"], facts["attempt"])) if facts else None
        is_rejected = verdict == REJECT
        is_open = any(self._state.is_open(request) for request in requests)
        marks = _take_marks(facts, is_rejected)
        if choices.history:
            marks |= _choice_marks(choices, verdict, is_rejected)
        marks |= Mark.REQUESTED if is_open else Mark(0)
        if _needs_decision(marks) or (not is_open and _has_new_takes(choices, requests)):
            marks |= Mark.UNDECIDED
        return RowState(marks, verdict)


def _by_row(requests: Iterable[RequestState]) -> Mapping[str, list[RequestState]]:
    grouped: defaultdict[str, list[RequestState]] = defaultdict(list)
    for request in requests:
        grouped[request.request.id].append(request)
    return grouped


def _take_marks(facts: Mapping[str, Any] | None, is_rejected: bool) -> Mark:
    if facts is None:
        return Mark.MISSING
    marks = Mark.FAILED if facts["status"] != "ok" and not is_rejected else Mark(0)
    return marks | (Mark.FLAGGED if facts["flags"] else Mark(0))


def _choice_marks(choices: RowChoices, verdict: str | None, is_rejected: bool) -> Mark:
    marks = {KEEP: Mark.KEPT, PIN: Mark.PINNED, REJECT: Mark.REJECTED}.get(verdict or "", Mark(0))
    marks |= Mark.REJECTED if is_rejected else Mark(0)
    marks |= Mark.PLAYED if choices.is_listened else Mark(0)
    marks |= Mark.NOTED if choices.note else Mark(0)
    return marks | (Mark.EDITED if choices.edit != _NO_EDIT else Mark(0))


def _needs_decision(marks: Mark) -> bool:
    if marks & (Mark.KEPT | Mark.PINNED):
        return False
    return bool(marks & (Mark.FAILED | Mark.FLAGGED | Mark.REJECTED))


def _has_new_takes(choices: RowChoices, requests: Iterable[RequestState]) -> bool:
    """True if takes were requested after the last verdict, and planned."""
    decided = max((choice.when or "" for choice in choices.history if choice.verdict), default="")
    return any(request.answer == PLANNED and (request.request.when or "") > decided for request in requests)
