"""Rows of a corpus without audio: split, speaker, measures, and the rules that rejected a row."""

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
    Column("speaker", pa.string(), "Speaker of the recording; no speaker is in two splits."),
    Column("split", pa.string(), "train, dev or test."),
    Column("text_ref", pa.string(), "Origin of the text: its id, or its file and row."),
    Column("text_license", pa.string(), "License of the text."),
)
"""Additional columns of the manifest of a corpus."""

_MANIFEST_NAMES = ("id", "text", "voice", "language", "speed", "pitch_semitones", "prosody")
CORPUS_MANIFEST = arrow_schema(
    [*(c for c in MANIFEST_COLUMNS if c.name in _MANIFEST_NAMES), *CORPUS_COLUMNS], "manifest"
)
"""Schema of the manifest of a corpus."""

REJECTED_BY = Column("rejected_by", pa.list_(pa.string()), "Rules that rejected the row; empty if it is kept.")

_OMITTED = ("audio", "timings")


def write_corpus_rows(run: Path) -> int:
    """Write the rows of a run, without audio and with the rules that reject them; return their number.

    Raises:
        RunError: a part cannot be read.
        StorageError: the disk is full; a previous table stays unchanged.
    """
    takes = Takes(run)
    names = [name for name in takes.schema.names if name not in _OMITTED]
    columns = [Column(name, takes.schema.field(name).type, "") for name in names]
    schema = arrow_schema([*columns, REJECTED_BY], "corpus")
    return write_table(_with_rejections(takes, names), schema, RunLayout(run).corpus_rows)


def _with_rejections(takes: Takes, names: Sequence[str]) -> Iterator[pa.Table]:
    for rows in takes.iter_tables(names):
        reasons = [rejections(row, takes.rules) for row in rows.to_pylist()]
        yield rows.append_column(REJECTED_BY.name, pa.array(reasons, REJECTED_BY.type))
