"""One row for the side panel: its editable values, takes, measures, note and history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

import pyarrow.compute as pc

from hierbatch.analysis.take_measures import format_value, measures_of
from hierbatch.desk.row_state import RowStates
from hierbatch.desk.run_view import RunState
from hierbatch.desk.take_index import StoredTake, take_name
from hierbatch.desk.written_words import written_words
from hierbatch.errors import RunError
from hierbatch.manifest.choices import Choice, RowChoices
from hierbatch.manifest.take_requests import PLANNED, REFUSED

_VALUES = ("id", "text", "text_norm", "phonemes", "voice", "language", "speed", "pause_after_s", "chapter", "error")
_USUAL = {"duration_ratio": (0.67, 1.5), "speaker_similarity": (0.6, 1.0), "snr_db": (15.0, 200.0), "cer": (0.0, 0.2)}
"""Ranges outside of which a measure is highlighted."""


def planned_row(state: RunState, row_id: str) -> dict[str, Any]:
    """Planned values of a row.

    Raises:
        RunError: the run has no such row.
    """
    names = [name for name in _VALUES if name in state.takes.plan_schema.names]
    table = state.takes.planned(names)
    found = table.filter(pc.equal(table.column("id"), row_id)).to_pylist()
    if not found:
        raise RunError("The run has no such row", fix="reload the page")
    return dict(found[0])


def row_detail(state: RunState, row_id: str) -> dict[str, Any]:
    """Values of a row for the panel; raises RunError if there is no such row."""
    planned = planned_row(state, row_id)
    choices = state.choices.row(row_id)
    edit, facts = choices.edit, state.facts.get(row_id)
    states = RowStates(state).row(row_id)
    text = planned.get("text") or planned.get("text_norm") or ""
    takes = state.index.of_row(row_id)
    current = (facts["take_key"], facts["attempt"]) if facts else None
    return {
        "id": row_id,
        "text": text if edit.text is None else edit.text,
        "planned_text": text,
        "phonemes": edit.phonemes or _spoken_phonemes(state, row_id, planned),
        "voice": edit.voice or planned.get("voice") or "",
        "speed": _rounded(edit.speed or planned.get("speed") or 1.0),
        "pause_after_s": _rounded(planned.get("pause_after_s") if edit.pause_after_s is None else edit.pause_after_s),
        "language": planned.get("language") or "",
        "chapter": planned.get("chapter"),
        "error": planned.get("error") or "",
        "note": choices.note,
        "marks": int(states.marks),
        "verdict": states.verdict,
        "takes": [_take(take, current, choices) for take in takes],
        "measures": _measures(state, row_id) if facts else [],
        "requests": _requests(state, row_id),
        "history": [_history_line(choice) for choice in choices.history if choice.listened is None][-20:],
    }


def take_words(state: RunState, row_id: str, take: StoredTake) -> list[list[Any]]:
    """Timed words of any take of a row."""
    planned = planned_row(state, row_id)
    row = take.read(["timings", "phonemes", "text_norm"])
    text = state.choices.row(row_id).edit.text or planned.get("text") or row["text_norm"] or ""
    return [list(astuple(word)) for word in written_words(text, row["timings"], row["phonemes"] or "")]


def _spoken_phonemes(state: RunState, row_id: str, planned: Mapping[str, Any]) -> str:
    """Phonemes of the current take, or those of the plan."""
    if row_id in state.facts:
        found = state.takes.rows([row_id], ["phonemes"]).to_pylist()
        return str(found[0]["phonemes"] or "") if found else ""
    return str(planned.get("phonemes") or "")


def _take(take: StoredTake, current: tuple[str, int] | None, choices: RowChoices) -> dict[str, Any]:
    facts = take.facts
    return {
        "name": take_name(*take.name),
        "attempt": facts["attempt"],
        "status": facts["status"],
        "error": facts["error"] or "",
        "flags": facts["flags"] or [],
        "duration_s": facts["duration_s"] or 0.0,
        "voice": facts["voice"] or "",
        "is_current": take.name == current,
        "verdict": choices.verdicts.get(take.name),
    }


def _measures(state: RunState, row_id: str) -> list[dict[str, Any]]:
    measures = measures_of(state.takes.schema)
    extra = [name for name in ("asr_text",) if name in state.takes.schema.names]
    found = state.takes.rows([row_id], [*(measure.column for measure in measures), *extra]).to_pylist()
    if not found:
        return []
    values = found[0]
    listed = []
    for measure in measures:
        value = values[measure.column]
        if value is not None:
            low, high = _USUAL.get(measure.column, (float("-inf"), float("inf")))
            is_usual = low <= value <= high
            listed.append({"title": measure.title, "value": format_value(measure, value), "is_usual": is_usual})
    if values.get("asr_text"):
        listed.append({"title": "Recognised", "value": f"“{values['asr_text']}”", "is_usual": True})
    return listed


def _requests(state: RunState, row_id: str) -> list[dict[str, Any]]:
    """Requests for takes that are waiting or were refused, and those that are being made."""
    known = {take.name for take in state.index.of_row(row_id)}
    listed = []
    for name, found in state.requests.items():
        if found.request.id == row_id and (found.answer != PLANNED or not known.issuperset(found.takes)):
            listed.append(
                {
                    "request": name,
                    "n_takes": found.request.n_takes,
                    "answer": found.answer,
                    "error": found.error if found.answer == REFUSED else "",
                }
            )
    return listed[-5:]


def _history_line(choice: Choice) -> dict[str, Any]:
    texts = [choice.verdict and f"{choice.verdict} attempt {choice.attempt}"]
    if choice.edit is not None:
        texts.append("edit: " + (", ".join(choice.edit.to_record()) or "none"))
    texts.append(f"note: {choice.note}" if choice.note else "")
    return {
        "when": (choice.when or "")[:16].replace("T", " "),
        "who": choice.who or "",
        "text": "; ".join(filter(None, texts)),
    }


def _rounded(value: float | None) -> float | None:
    """Value without the digits that storage in 32 bits adds."""
    return None if value is None else round(value, 4)
