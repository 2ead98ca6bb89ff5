"""A run folder as the engine leaves it, with speech-like takes of a small book."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import encode_sound
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, arrow_schema, plan_schema, take_schema
from tests.audio.signals import speech_like

_PLAN = plan_schema(arrow_schema(MANIFEST_COLUMNS, "manifest"))
_TAKES = take_schema(_PLAN)
_START = datetime(2026, 1, 1, tzinfo=UTC)


def sentence(chapter, sentence_index, **changes):
    """A row of the book: a heading, then paragraphs of two sentences; `duration_s` makes its sound that long."""
    row = {
        "id": f"c{chapter}s{sentence_index}",
        "take_key": f"{chapter:016x}{sentence_index:016x}",
        "attempt": 1,
        "status": "ok",
        "flags": [],
        "language": "en",
        "book": "The Small Book",
        "chapter": chapter,
        "chapter_title": f"Chapter {chapter}: A/B",
        "sentence_index": sentence_index,
        "kind": "paragraph" if sentence_index else "heading",
        "source_ref": f"c{chapter}#p{(sentence_index + 1) // 2}",
        "text": f"Sentence number {sentence_index} of it.",
        "text_norm": "Sentence number so-and-so of it.",
        "duration_s": 1.5,
        "lead_s": 0.1,
        "trail_s": 0.2,
        "level_db": -26.0,
        "rate_hz": 16_000,
        "finished_at": _START,
    }
    return row | changes


def book_rows(n_chapters=2, n_sentences=4):
    return [sentence(c, s) for c in range(1, n_chapters + 1) for s in range(n_sentences)]


def write_run(folder, rows, n_parts=2, plan=None):
    """Parts with the rows shuffled over them, as units sorted by length are; the plan asks for them all or for `plan`.

    `plan` gives the rows of each plan file by its name.
    """
    made = [_take(row) for row in rows]
    order = np.random.default_rng(0).permutation(len(made))
    (folder / "parts").mkdir(parents=True)
    (folder / "plan").mkdir()
    for part in range(n_parts):
        table = pa.Table.from_pylist([made[i] for i in order[part::n_parts]], schema=_TAKES)
        pq.write_table(table, folder / "parts" / f"g0001-u{part:06d}.parquet", row_group_size=3)
    for name, planned in (plan or {"g0001": rows}).items():
        listed = [
            row | {"position": position, "expected_duration_s": row["duration_s"]}
            for position, row in enumerate(planned)
        ]
        pq.write_table(pa.Table.from_pylist(listed, schema=_PLAN), folder / "plan" / f"{name}.parquet")
    return folder


def later(row, minutes=1, **changes):
    """The same row made again."""
    return row | {"finished_at": row["finished_at"] + timedelta(minutes=minutes)} | changes


def _take(row):
    take = {name: row.get(name) for name in _TAKES.names} | {
        "expected_duration_s": row["duration_s"],
        "synthetic": True,
    }
    if row["status"] != "ok":
        return take | {"duration_s": None}
    sound = speech_like(
        row["duration_s"],
        row["rate_hz"],
        seed=100 * row["chapter"] + row["sentence_index"],
        level_db=row["level_db"],
        lead_s=row["lead_s"],
        trail_s=row["trail_s"],
    )
    return take | {
        "sample_rate_hz": sound.rate_hz,
        "n_samples": sound.n_samples,
        "duration_s": sound.duration_s,
        "timings": list(_timings(row)),
        "audio": {"bytes": encode_sound(sound), "path": f"{row['id']}.flac"},
    }


def _timings(row):
    words = row["text_norm"].split()
    edges = np.linspace(row["lead_s"], row["duration_s"] - row["trail_s"], len(words) + 1)
    for word, start_s, end_s in zip(words, edges, edges[1:], strict=False):
        yield {"text": word, "start_s": start_s, "end_s": end_s, "kind": "word"}
    yield {"text": ".", "start_s": edges[-1], "end_s": row["duration_s"], "kind": "pause"}
