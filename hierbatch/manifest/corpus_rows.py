"""The rows of a corpus beside its sound: split, speaker, measures, and what rejected those that were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from hierbatch.manifest.filters import rejections
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.schema import MANIFEST_COLUMNS, Column, arrow_schema
from hierbatch.manifest.store import write_table
from hierbatch.manifest.takes import Takes

CORPUS_COLUMNS = (
    Column("speaker", pa.string(), "Who is heard; no speaker is in two splits."),
    Column("split", pa.string(), "train, dev or test."),
    Column("text_ref", pa.string(), "Where the text stands: its id, or its file and row."),
    Column("text_license", pa.string(), "Licence of the text."),
)
"""What a corpus's manifest says beyond other manifests."""

_ASKED = ("id", "text", "voice", "lang", "speed", "pitch_semitones", "prosody")
CORPUS_MANIFEST = arrow_schema([*(c for c in MANIFEST_COLUMNS if c.name in _ASKED), *CORPUS_COLUMNS], "manifest")
"""Columns of a corpus's manifest."""

REJECTED_BY = Column("rejected_by", pa.list_(pa.string()), "Rules that rejected the row; empty where it is kept.")

_LEFT_OUT = ("audio", "timings")


def write_corpus_rows(run: Path) -> int:
    """Write a run's rows, without sound, with those of its rules that reject them; gives their number.

    Raises:
        RunError: a part cannot be read.
        StorageError: the disk is full; the table that stood there before stands.
    """
    takes = Takes(run)
    names = [name for name in takes.schema.names if name not in _LEFT_OUT]
    columns = [Column(name, takes.schema.field(name).type, "") for name in names]
    schema = arrow_schema([*columns, REJECTED_BY], "corpus")
    return write_table(_judged(takes, names), schema, RunLayout(run).corpus_rows)


def _judged(takes: Takes, names: Sequence[str]) -> Iterator[pa.Table]:
    for rows in takes.in_pieces(names):
        reasons = [rejections(row, takes.rules) for row in rows.to_pylist()]
        yield rows.append_column(REJECTED_BY.name, pa.array(reasons, REJECTED_BY.type))
