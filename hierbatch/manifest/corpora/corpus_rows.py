"""Rows of a corpus without audio: split, speaker, measures, and the rules that rejected a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, arrow_schema
from hierbatch.manifest.decisions.choices import KEEP, PIN
from hierbatch.manifest.decisions.verdicts import REJECTED_KIND
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.takes.filters import rejections
from hierbatch.manifest.takes.takes import Takes

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

_OMITTED = ("audio", "timings", "word_distances")


def write_corpus_rows(run: Path) -> int:
    """Write the rows of a corpus, without audio and with the rules that reject each row; return the number of rows.

    Raises:
        RunError: the run has no plan yet, or one of its files is damaged.
        StorageError: the disk is full, read-only or gone; an earlier table stays unchanged.
    """
    takes = Takes(run)
    names = _columns(takes)
    columns = [Column(name, takes.schema.field(name).type, "") for name in names]
    schema = arrow_schema([*columns, REJECTED_BY], "corpus")
    return write_table(with_rejections(takes, names), schema, RunLayout(run).corpus_rows)


def read_corpus_rows(run: Path, takes: Takes) -> pa.Table | None:
    """Rows of a corpus, each with the rules that reject it; None if the run is not a corpus.

    Args:
        run: run folder.
        takes: takes of the run; decisions of reviewers made after the table was written are applied too.
    """
    layout = RunLayout(run)
    if not layout.corpus_rows.exists():
        return None
    if not len(takes.choices):
        return pq.read_table(layout.corpus_rows)
    return pa.concat_tables(with_rejections(takes, _columns(takes)))


def with_rejections(takes: Takes, names: Sequence[str]) -> Iterator[pa.Table]:
    """Yield some columns of the best take of each row, and in the column `rejected_by` the rules that reject the row.

    A take that a reviewer kept or pinned is not rejected, whatever the rules say. If reviewers rejected all takes of a
    row, the row gets the reason `rejected`.
    """
    needed = sorted({*TAKE_ID_COLUMNS, "error_kind", *takes.rule_columns, *names})
    for rows in takes.iter_tables(needed):
        reasons = [_reasons(row, takes) for row in rows.to_pylist()]
        yield rows.select(list(names)).append_column(REJECTED_BY.name, pa.array(reasons, REJECTED_BY.type))


def _reasons(row: Mapping[str, Any], takes: Takes) -> list[str]:
    if row["error_kind"] == REJECTED_KIND:
        return [REJECTED_KIND]
    verdict = takes.choices.verdict(row["id"], row["take_key"], row["attempt"])
    return [] if verdict in (KEEP, PIN) and row["status"] == "ok" else rejections(row, takes.rules)


def _columns(takes: Takes) -> list[str]:
    return [name for name in takes.schema.names if name not in _OMITTED]
