"""Later attempts that count go into the plan of a new generation: what was mended is not to be mended again.

A plan asks for first attempts. Where a row's best take is a later one, it stands under a key of its own, and compaction
has dropped the first; so a new generation asks for that attempt, provided it is what this order makes of the row too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.attempts import planned_rows
from hierbatch.engine.planning import Asked, keyed_columns, put_column, row_seed, take_key
from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.takes import Takes

_LATER = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("attempt", pa.int16()),
        pa.field("seed", pa.int64()),
        pa.field("take_key", pa.string()),
    ]
)


def later_attempts(folder: RunFolder) -> pa.Table:
    """The takes of the newest plan that count and are no first attempts, and the seeds that their rows brought.

    Raises:
        RunError: a file of the run is damaged.
    """
    generation = folder.newest_planned()
    found = [_LATER.empty_table()]
    if generation:
        pieces = Takes(folder.root).in_pieces(_LATER.names)
        found += [piece.filter(pc.greater(piece.column("attempt"), 1)).cast(_LATER) for piece in pieces]
    later = pa.concat_tables(found).combine_chunks()
    own_seeds = pa.nulls(len(later), pa.int64())
    if len(later):
        planned = planned_rows(folder.plan_files(generation)[0], later.column("id"), ["id", "own_seed"])
        if "own_seed" in planned.column_names:  # earlier versions did not put it down
            at = pc.index_in(later.column("id"), value_set=planned.column("id"))
            own_seeds = planned.column("own_seed").take(at)
    return later.append_column("own_seed", own_seeds)


def carry_over(rows: pa.Table, *, later: pa.Table, asked: Asked) -> pa.Table:
    """Planned rows, of which those whose later attempt counts ask for that one."""
    at = pc.index_in(rows.column("id"), value_set=later.column("id"))
    here = pc.indices_nonzero(at.is_valid())
    if not len(here):
        return rows
    named = ["id", "voice", "own_seed", *keyed_columns(asked)]
    listed = rows.select([name for name in named if name in rows.column_names]).take(here).to_pylist()
    takes = later.take(at.drop_null()).to_pylist()
    carried = {
        number: take
        for number, row, take in zip(here.to_pylist(), listed, takes, strict=True)
        if _is_of(take, row, asked)
    }
    for name in ("attempt", "seed", "take_key"):
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
