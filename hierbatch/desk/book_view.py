"""Chapters of a run as running text: the contents of the book, and the sentences of one chapter with timed words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from itertools import groupby, pairwise
from typing import Any

from hierbatch.delivery.pauses import PauseRules, pause_after_s
from hierbatch.delivery.takes import BookTake
from hierbatch.desk.row_state import Mark, RowState, RowStates
from hierbatch.desk.run_view import RunState
from hierbatch.desk.take_names import take_name
from hierbatch.desk.word_doubts import RunDoubts, take_written_words
from hierbatch.errors import RunError

_TEXT = (
    "id",
    "text",
    "text_norm",
    "phonemes",
    "timings",
    "voice",
    "error",
    "asr_text",
    "pause_after_s",
    "duration_s",
    "language",
    "word_distances",
)
_PLAN_TEXT = ("id", "text", "text_norm", "error", "pause_after_s")


def is_book(state: RunState) -> bool:
    """True if the rows have positions in a book."""
    return {"chapter", "sentence_index"} <= set(state.takes.plan_schema.names) and state.takes.n_rows > 0


def book_title(state: RunState) -> str:
    """Title of the book; empty if it is unknown or the run does not consist of a single book."""
    if not is_book(state) or "book" not in state.planned.column_names:
        return ""
    titles = [title for title in state.planned.column("book").unique().to_pylist() if title]
    return str(titles[0]) if len(titles) == 1 else ""


def contents(state: RunState, doubts: RunDoubts) -> dict[str, Any]:
    """Chapters with the id, marks, voice, character and duration of every sentence, in reading order.

    Args:
        state: snapshot of the run.
        doubts: doubtful words of the run.

    Returns:
        Object with `chapters`, `voices` and `characters`. A sentence is a list of id, marks, voice, character and
        duration in seconds; its voice and character are indices into the other two lists.
    """
    states = RowStates(state)
    facts_of_all = state.facts
    voices: dict[str, int] = {}
    characters: dict[str, int] = {}
    chapters = []
    for number, rows in _chapters(state):
        sentences = []
        for row in rows:
            facts = facts_of_all.get(row["id"], {})
            voice = voices.setdefault(row.get("voice") or "", len(voices))
            character = characters.setdefault(row.get("character") or "", len(characters))
            marks = int(states.row(row["id"]).marks | (Mark.DOUBTFUL if row["id"] in doubts.rows else Mark(0)))
            sentences.append([row["id"], marks, voice, character, round(facts.get("duration_s") or 0.0, 2)])
        chapters.append({"number": number, "title": _title(number, rows), "sentences": sentences})
    return {"chapters": chapters, "voices": list(voices), "characters": list(characters)}


def chapter(state: RunState, number: int, doubts: RunDoubts) -> dict[str, Any]:
    """Number, title and paragraphs of a chapter, with the sentences of each paragraph.

    Args:
        state: snapshot of the run.
        number: number of the chapter.
        doubts: doubtful words of the run.

    Raises:
        RunError: there is no such chapter.
    """
    rows = next((rows for found, rows in _chapters(state) if found == number), None)
    if rows is None:
        raise RunError(f"The run has no chapter {number}", fix="reload the page")
    texts = _texts(state, [row["id"] for row in rows])
    states = RowStates(state)
    placed = [_placed(row, texts.get(row["id"], {}).get("pause_after_s")) for row in rows]
    pauses = [*(pause_after_s(one, following, PauseRules()) for one, following in pairwise(placed)), 0.0]
    sentences = [
        _sentence(state, row, texts.get(row["id"], {}), states.row(row["id"]), pause_s, doubts)
        for row, pause_s in zip(rows, pauses, strict=True)
    ]
    blocks = groupby(
        zip(rows, sentences, strict=True), key=lambda pair: (pair[0].get("kind"), pair[0].get("source_ref"))
    )
    paragraphs = [{"kind": kind or "paragraph", "sentences": [s for _, s in pairs]} for (kind, _), pairs in blocks]
    return {"number": number, "title": _title(number, rows), "paragraphs": paragraphs}


def _chapters(state: RunState) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    for number, group in groupby(state.book_rows, key=lambda row: int(row["chapter"])):
        yield number, list(group)


def _title(number: int, rows: Sequence[Mapping[str, Any]]) -> str:
    return next((row["chapter_title"] for row in rows if row.get("chapter_title")), f"Chapter {number}")


def _texts(state: RunState, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Texts, timings and pauses of the given rows, by row id; from the plan for rows without a take."""
    takes = state.takes
    named = set(ids)
    planned = takes.planned([name for name in _PLAN_TEXT if name in takes.plan_schema.names]).to_pylist()
    found = {row["id"]: row for row in planned if row["id"] in named}
    made = takes.rows(ids, [name for name in _TEXT if name in takes.schema.names]).to_pylist()
    return found | {row["id"]: row for row in made}


def _sentence(
    state: RunState,
    row: Mapping[str, Any],
    text: Mapping[str, Any],
    row_state: RowState,
    pause_s: float,
    doubts: RunDoubts,
) -> dict[str, Any]:
    facts = state.facts.get(row["id"])
    written = text.get("text") or text.get("text_norm") or ""
    words = take_written_words({**text, "text": written}, doubts)
    return {
        "id": row["id"],
        "words": [[w[0], round(w[1], 3), round(w[2], 3), w[3]] for w in map(astuple, words)],
        "voice": text.get("voice") or row.get("voice") or "",
        "character": row.get("character") or "",
        "language": row.get("language") or "",
        "marks": int(row_state.marks),
        "verdict": row_state.verdict,
        "flags": facts["flags"] if facts else [],
        "error": text.get("error") or "",
        "take": take_name(facts["take_key"], facts["attempt"]) if facts and facts["status"] == "ok" else None,
        "duration_s": text.get("duration_s") or 0.0,
        "pause_s": round(pause_s, 3),
    }


def _placed(row: Mapping[str, Any], own_pause_s: float | None) -> BookTake:
    return BookTake(
        id=row["id"],
        chapter=row["chapter"],
        sentence_index=row["sentence_index"] or 0,
        kind=row.get("kind") or "",
        source_ref=row.get("source_ref") or "",
        pause_after_s=own_pause_s,
        is_spoken=False,
        expected_duration_s=0.0,
        rate_hz=0,
        n_samples=0,
    )
