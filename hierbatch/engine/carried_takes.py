"""Second plan of a generation: earlier takes of the rows that were reviewed, kept to be compared and pinned.

The first plan of a generation has one take of each row. The second plan has further takes, provided that the new
settings would result in the same audio; nothing is synthesized for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.attempts import planned_rows
from hierbatch.engine.planning import TakeSettings, row_seed, take_key
from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.columns.schema import PLAN_COLUMNS, SPEAK_COLUMNS
from hierbatch.manifest.decisions.take_requests import read_requests
from hierbatch.manifest.runs.parts import REQUESTS_KEY
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, digest_rows, row_names
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.manifest.takes.takes import Takes

_OF_TAKE = frozenset((*(column.name for column in PLAN_COLUMNS), *SPEAK_COLUMNS, "text")) - {"position"}
"""Columns of a plan that belong to the take; the other columns belong to the row, and may have changed."""


def carry_takes(folder: RunFolder, generation: int, plan: Path, settings: TakeSettings) -> None:
    """Write the second plan of a generation, if earlier takes can be kept; call this before the first plan is renamed.

    Args:
        folder: the run.
        generation: number of the new generation.
        plan: first plan of the new generation, complete and still under its temporary name.
        settings: take settings of the new generation.

    Raises:
        StorageError: the disk is full.
    """
    before = folder.newest_generation()
    if not before:
        return
    takes = Takes(folder.root, before)
    ids = {*takes.choices, *(state.request.id for state in read_requests(folder.root).values())}
    rows = planned_rows(plan, pa.array(sorted(ids), pa.string()))
    if not len(rows) or "phonemes" not in rows.column_names:
        return
    made = row_names(takes.candidates(rows.column("id").to_pylist(), TAKE_ID_COLUMNS))
    old = pa.concat_tables(
        [planned_rows(file, rows.column("id").combine_chunks()) for file in folder.plan_files(before)],
        promote_options="default",
    )
    old = old.filter(pc.is_in(row_names(old), value_set=made))
    new = {row["id"]: row for row in rows.to_pylist()}
    earlier = old.to_pylist()
    texts: defaultdict[str, set[str]] = defaultdict(set)
    for row in earlier:
        texts[row["id"]].add(_content(row))
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in earlier:
        # A row whose manifest has an entirely different text by now starts afresh.
        if _content(new[row["id"]]) in texts[row["id"]] and _is_valid(row, new[row["id"]], settings):
            name = tuple(row[column] for column in TAKE_ID_COLUMNS)
            own = {column: value for column, value in row.items() if column in _OF_TAKE}
            kept.setdefault(name, {**new[row["id"]], **own})
    for row in new.values():  # the plan itself names these
        kept.pop(tuple(row[column] for column in TAKE_ID_COLUMNS), None)
    if kept:
        _write(list(kept.values()), rows.schema, folder.plan_file(generation))


def _content(row: Mapping[str, Any]) -> str:
    """Text of a planned row, or its phonemes if it has no text."""
    return str(row.get("text") or row["phonemes"])


def _is_valid(row: Mapping[str, Any], new: Mapping[str, Any], settings: TakeSettings) -> bool:
    """Return True if the new settings would result in the same audio as an earlier take.

    Args:
        row: planned row of the earlier take.
        new: row with the same id in the new plan.
        settings: take settings of the new generation.
    """
    if row["seed"] != new["own_seed"]:
        is_derived = row["seed"] == row_seed(settings.seed, row["id"], row["attempt"])
        if not is_derived or row.get("own_seed") != new["own_seed"]:
            return False
    result: bool = take_key(row, settings) == row["take_key"]
    return result


def _write(listed: list[dict[str, Any]], schema: pa.Schema, plan: Path) -> None:
    rows = pa.Table.from_pylist(listed, schema=schema)
    rows = with_column(rows, "unit", pa.array(range(len(rows)), pa.int32()))
    marked = schema.with_metadata({**(schema.metadata or {}), REQUESTS_KEY: b"[]"})
    write_table([rows], marked, plan.with_name(f"{plan.stem}-r001-{digest_rows(rows)}.parquet"))
