"""Reuse of retakes across generations, so that a row that was already fixed is not synthesized again.

A plan normally contains first attempts. If the best take of a row is a later attempt, its key differs from that of the
first attempt, and compaction may have dropped the first attempt. A new generation therefore plans the later attempt,
provided that the new settings would produce the same take. Takes of older generations are used too, since a reviewer
may have undone the edit of a sentence. The attempt counts that compaction has recorded are copied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.attempts import planned_rows
from hierbatch.engine.planning import TakeSettings, row_seed, take_key, take_key_columns
from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.runs.parts import open_run_file
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.manifest.takes.takes import Takes

_RETAKE_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("attempt", pa.int16()),
        pa.field("seed", pa.int64()),
        pa.field("take_key", pa.string()),
    ]
)
_PLAN_FIELDS = pa.schema([pa.field("own_seed", pa.int64()), pa.field("attempts_made", pa.int16())])


def reusable_retakes(folder: RunFolder) -> pa.Table:
    """Read the best takes of rows with more than one attempt, newest generation first.

    Returns:
        Table with `id`, `attempt`, `seed`, `take_key`, `own_seed` (the seed from the manifest, or null) and
        `attempts_made` (the number of attempts that compaction recorded, or null).

    Raises:
        RunError: a file of the run is damaged.
    """
    newest = folder.newest_generation()
    older = [number for number in range(newest - 1, 0, -1) if _has_retries(folder, number)]
    found = [_retakes_of_generation(folder, number) for number in ([newest, *older] if newest else [])]
    return pa.concat_tables([pa.schema([*_RETAKE_SCHEMA, *_PLAN_FIELDS]).empty_table(), *found]).combine_chunks()


def _has_retries(folder: RunFolder, generation: int) -> bool:
    """Return True if a generation has plans besides its first one, so that there may be later attempts."""
    return folder.plan_files(generation) not in ([], [folder.plan_file(generation)])


def _retakes_of_generation(folder: RunFolder, generation: int) -> pa.Table:
    tables = Takes(folder.root, generation).iter_tables(_RETAKE_SCHEMA.names)
    later = [table.filter(pc.greater(table.column("attempt"), 1)).cast(_RETAKE_SCHEMA) for table in tables]
    takes = pa.concat_tables([_RETAKE_SCHEMA.empty_table(), *later])
    plan = folder.plan_files(generation)[0]
    planned = _with_plan_fields(planned_rows(plan, takes.column("id").combine_chunks(), ["id", *_PLAN_FIELDS.names]))
    at = pc.index_in(takes.column("id"), value_set=planned.column("id"))
    for name in _PLAN_FIELDS.names:
        takes = takes.append_column(name, planned.column(name).take(at))
    return pa.concat_tables([takes, _counted_first_takes(plan, takes.schema)])


def _counted_first_takes(plan: Path, schema: pa.Schema) -> pa.Table:
    """Read the first attempts that compaction kept as the best takes when it dropped later attempts."""
    found = [schema.empty_table()]
    with open_run_file(plan) as file:
        if "attempts_made" in file.schema_arrow.names:
            names = [name for name in schema.names if name in file.schema_arrow.names]
            for batch in file.iter_batches(columns=names):
                rows = _with_plan_fields(pa.Table.from_batches([batch])).select(schema.names)
                is_first = pc.equal(rows.column("attempt"), 1)
                found.append(rows.filter(pc.and_(is_first, pc.greater(rows.column("attempts_made"), 1))))
    return pa.concat_tables(found)


def _with_plan_fields(planned: pa.Table) -> pa.Table:
    """Add the columns that earlier versions did not write, as nulls."""
    for field in _PLAN_FIELDS:
        if field.name not in planned.column_names:
            planned = planned.append_column(field, pa.nulls(len(planned), field.type))
    return planned


def reuse_retakes(rows: pa.Table, *, later: pa.Table, take_settings: TakeSettings) -> pa.Table:
    """Replace first attempts with retakes that are the best take of their rows, and copy the attempt counts.

    Args:
        rows: planned rows, all of them first attempts.
        later: result of `reusable_retakes`.
        take_settings: take settings of the new generation.
    """
    candidates = later.filter(pc.is_in(later.column("id"), value_set=rows.column("id")))
    if not len(candidates):
        return rows
    takes = defaultdict(list)
    for take in candidates.to_pylist():
        takes[take["id"]].append(take)
    affected = pc.indices_nonzero(pc.is_in(rows.column("id"), value_set=candidates.column("id")))
    names = ["id", "voice", "own_seed", *take_key_columns(take_settings)]
    listed = rows.select([name for name in names if name in rows.column_names]).take(affected).to_pylist()
    reused = {
        number: take
        for number, row in zip(affected.to_pylist(), listed, strict=True)
        if (take := next((take for take in takes[row["id"]] if _matches(take, row, take_settings)), None))
    }
    for name in ("attempt", "seed", "take_key", "attempts_made"):
        column = rows.column(name)
        values = [
            reused[number][name] if number in reused else value for number, value in enumerate(column.to_pylist())
        ]
        rows = with_column(rows, name, pa.array(values, column.type))
    return rows


def _matches(take: Mapping[str, Any], row: Mapping[str, Any], take_settings: TakeSettings) -> bool:
    """Return True if the new settings would produce the given take again, with the same attempt number."""
    if take["seed"] != row["own_seed"]:  # a row with a seed from the manifest has the same key at every attempt
        is_derived = take["seed"] == row_seed(take_settings.seed, row["id"], take["attempt"])
        if not is_derived or take["own_seed"] != row["own_seed"]:
            return False
    result: bool = take_key({**row, "seed": take["seed"]}, take_settings) == take["take_key"]
    return result
