"""One row for the side panel: its editable values, takes, measures, note and history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from hierbatch.analysis.take_measures import format_value, measures_of
from hierbatch.desk.row_state import RowStates
from hierbatch.desk.run_view import RunState
from hierbatch.desk.take_names import find_take, row_takes
from hierbatch.desk.word_doubts import RunDoubts, take_written_words
from hierbatch.errors import RunError
from hierbatch.manifest.decisions.choices import Choice
from hierbatch.manifest.decisions.take_requests import REFUSED

_VALUES = ("id", "text", "text_norm", "phonemes", "voice", "language", "speed", "pause_after_s", "chapter", "error")
_USUAL = {"duration_ratio": (0.67, 1.5), "speaker_similarity": (0.6, 1.0), "snr_db": (15.0, 200.0), "cer": (0.0, 0.2)}
"""Usual ranges; a measure outside its range is highlighted."""


def planned_row(state: RunState, row_id: str) -> dict[str, Any]:
    """Planned values of a row.

    Raises:
        RunError: the run has no such row.
    """
    names = [name for name in _VALUES if name in state.takes.plan_schema.names]
    found = state.takes.planned(names, [row_id]).to_pylist()
    if not found:
        raise RunError("The run has no such row", fix="reload the page")
    return dict(found[0])


def row_detail(state: RunState, row_id: str) -> dict[str, Any]:
    """Values of a row for the panel; raises RunError if there is no such row."""
    planned = planned_row(state, row_id)
    choices = state.choices.row(row_id)
    states = RowStates(state).row(row_id)
    takes = row_takes(state.takes, row_id, ("phonemes",))
    best = next((take for take in takes if take["is_best"]), None)
    pause_s = choices.edit.pause_after_s
    return {
        "version": state.version,
        "id": row_id,
        "text": planned.get("text") or planned.get("text_norm") or "",
        "phonemes": (best or planned).get("phonemes") or "",
        "has_phonemes": _has_phonemes(state, best),
        "voice": planned.get("voice") or "",
        "speed": _rounded(planned.get("speed") or 1.0),
        "pause_after_s": _rounded(planned.get("pause_after_s") if pause_s is None else pause_s),
        "language": planned.get("language") or "",
        "chapter": planned.get("chapter"),
        "error": "" if best else planned.get("error") or "",
        "note": choices.note,
        "marks": int(states.marks),
        "verdict": states.verdict,
        "takes": [_take(take) for take in takes],
        "measures": _measures(state, row_id) if best else [],
        "requests": _requests(state, row_id),
        "history": [_history_line(choice) for choice in choices.history if choice.listened is None][-20:],
    }


def take_words(state: RunState, row_id: str, name: str, doubts: RunDoubts) -> list[list[Any]]:
    """Words of a take, each as text, start and end in seconds, and reason to doubt the word (empty without doubt).

    Args:
        state: snapshot of the run.
        row_id: id of the row.
        name: name of the take.
        doubts: doubtful words of the run.
    """
    columns = ("text", "timings", "phonemes", "asr_text", "language", "word_distances")
    take = find_take(state.takes, row_id, name, columns)
    return [list(astuple(word)) for word in take_written_words(take, doubts)]


def _has_phonemes(state: RunState, best: Mapping[str, Any] | None) -> bool:
    """True if a reviewer wrote the phonemes of the current take."""
    name = (best["take_key"], best["attempt"]) if best else None
    return any(name in found.takes and found.request.edit.phonemes for found in state.requests.values())


def _take(take: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": take["name"],
        "attempt": take["attempt"],
        "status": take["status"],
        "error": take["error"] or "",
        "flags": take["flags"] or [],
        "duration_s": take["duration_s"] or 0.0,
        "voice": take["voice"] or "",
        "is_current": take["is_best"],
        "verdict": take["verdict"],
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
        listed.append({"title": "Recognized", "value": f"“{values['asr_text']}”", "is_usual": True})
    return listed


def _requests(state: RunState, row_id: str) -> list[dict[str, Any]]:
    """Latest requests for a row that are open or were refused, at most three."""
    return [
        {"request": name, "n_takes": found.request.n_takes, "is_open": state.is_open(found), "error": found.error}
        for name, found in state.requests.items()
        if found.request.id == row_id and (state.is_open(found) or found.answer == REFUSED)
    ][-3:]


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
    """Value without the digits that 32-bit storage adds."""
    return None if value is None else round(value, 4)
