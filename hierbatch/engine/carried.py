"""Later attempts that count go into the plan of a new generation: what was mended is not to be mended again.

A plan asks for first attempts. Where a row's best take is a later one, it stands under a key of its own, and compaction
has dropped the first; so a new generation asks for that attempt, provided it is what this order makes of the row too.
That of an older generation will do: a sentence may be edited and edited back. What compaction has counted goes along.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.attempts import planned_rows
from hierbatch.engine.planning import Asked, keyed_columns, put_column, row_seed, take_key
from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.parts import open_finished
from hierbatch.manifest.takes import Takes

_LATER = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("attempt", pa.int16()),
        pa.field("seed", pa.int64()),
        pa.field("take_key", pa.string()),
    ]
)
_OF_PLAN = pa.schema([pa.field("own_seed", pa.int64()), pa.field("attempts_made", pa.int16())])


def later_attempts(folder: RunFolder) -> pa.Table:
    """The takes that count and are not all that was tried of their rows: those of the newest generation come first.

    Beside `id`, `attempt`, `seed` and `take_key` it tells the seed that a row brought itself, and the attempts that a
    compaction has counted.

    Raises:
        RunError: a file of the run is damaged.
    """
    newest = folder.newest_planned()
    older = [number for number in range(newest - 1, 0, -1) if _has_retries(folder, number)]
    found = [_later_of(folder, number) for number in ([newest, *older] if newest else [])]
    return pa.concat_tables([pa.schema([*_LATER, *_OF_PLAN]).empty_table(), *found]).combine_chunks()


def _has_retries(folder: RunFolder, generation: int) -> bool:
    """Whether a generation may have later attempts that no generation before it had."""
    return folder.plan_files(generation) not in ([], [folder.plan_file(generation)])


def _later_of(folder: RunFolder, generation: int) -> pa.Table:
    pieces = Takes(folder.root, generation).in_pieces(_LATER.names)
    later = [piece.filter(pc.greater(piece.column("attempt"), 1)).cast(_LATER) for piece in pieces]
    takes = pa.concat_tables([_LATER.empty_table(), *later])
    plan = folder.plan_files(generation)[0]
    planned = _with_facts(planned_rows(plan, takes.column("id").combine_chunks(), ["id", *_OF_PLAN.names]))
    at = pc.index_in(takes.column("id"), value_set=planned.column("id"))
    for name in _OF_PLAN.names:
        takes = takes.append_column(name, planned.column(name).take(at))
    return pa.concat_tables([takes, _counted_of(plan, takes.schema)])


def _counted_of(plan: Path, schema: pa.Schema) -> pa.Table:
    """First attempts that count although there were others, which a compaction has dropped."""
    found = [schema.empty_table()]
    with open_finished(plan) as file:
        if "attempts_made" in file.schema_arrow.names:
            names = [name for name in schema.names if name in file.schema_arrow.names]
            for batch in file.iter_batches(columns=names):
                rows = _with_facts(pa.Table.from_batches([batch])).select(schema.names)
                is_first = pc.equal(rows.column("attempt"), 1)
                found.append(rows.filter(pc.and_(is_first, pc.greater(rows.column("attempts_made"), 1))))
    return pa.concat_tables(found)


def _with_facts(planned: pa.Table) -> pa.Table:
    """With columns that earlier versions did not put down, empty."""
    for field in _OF_PLAN:
        if field.name not in planned.column_names:
            planned = planned.append_column(field, pa.nulls(len(planned), field.type))
    return planned


def carry_over(rows: pa.Table, *, later: pa.Table, asked: Asked) -> pa.Table:
    """Planned rows, of which those whose later attempt counts ask for that one, or know that there was one."""
    near = later.filter(pc.is_in(later.column("id"), value_set=rows.column("id")))
    if not len(near):
        return rows
    takes = defaultdict(list)
    for take in near.to_pylist():
        takes[take["id"]].append(take)
    here = pc.indices_nonzero(pc.is_in(rows.column("id"), value_set=near.column("id")))
    named = ["id", "voice", "own_seed", *keyed_columns(asked)]
    listed = rows.select([name for name in named if name in rows.column_names]).take(here).to_pylist()
    carried = {
        number: take
        for number, row in zip(here.to_pylist(), listed, strict=True)
        if (take := next((take for take in takes[row["id"]] if _is_of(take, row, asked)), None))
    }
    for name in ("attempt", "seed", "take_key", "attempts_made"):
        column = rows.column(name)
        values = [
            carried[number][name] if number in carried else value for number, value in enumerate(column.to_pylist())
        ]
        rows = put_column(rows, name, pa.array(values, column.type))
    return rows


def _is_of(take: Mapping[str, Any], row: Mapping[str, Any], asked: Asked) -> bool:
    """Whether this order would make the same take of a row at that attempt."""
    if take["seed"] != row["own_seed"]:  # a row that keeps its own has one key at every attempt
        is_derived = take["seed"] == row_seed(asked.seed, row["id"], take["attempt"])
        if not is_derived or take["own_seed"] != row["own_seed"]:
            return False
    return take_key({**row, "seed": take["seed"]}, asked) == take["take_key"]
