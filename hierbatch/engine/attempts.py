"""Another attempt at rows that stand in a plan already: with new seeds, and texts that were refused read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.planning import Asked, key_rows, number_units, put_column, row_seed
from hierbatch.manifest.parts import open_finished
from hierbatch.manifest.plan_sources import PlanSources
from hierbatch.manifest.takes import Takes
from hierbatch.stages.base import Stage

_READ_TOGETHER = 8
"""Recordings that are looked at again at a time: while they are, their sound stands in memory."""


def newest_rows(plans: Sequence[Path], ids: pa.Array, takes: Takes) -> pa.Table:
    """The last plan of each row, without rows whose last plan is still to be worked, as far as some takes tell."""
    found = [planned_rows(plan, ids) for plan in plans]
    rows = pa.concat_tables(found, promote_options="default")  # a plan of an earlier version may have a column less
    rows = rows.sort_by([("position", "ascending"), ("attempt", "descending")])
    is_newest = np.diff(rows.column("position").to_numpy(), prepend=-1) != 0
    rows = rows.filter(pa.array(is_newest))
    is_worked = rows.column("attempt").to_numpy() <= takes.last_attempts(rows.column("position").to_numpy())
    return rows.filter(pa.array(is_worked))


def attempts_made(rows: pa.Table) -> pa.ChunkedArray:
    """How often planned rows were tried up to these attempts, those included that a compaction has dropped."""
    attempts = rows.column("attempt")
    if "attempts_made" not in rows.column_names:  # earlier versions did not put it down
        return attempts
    return pc.max_element_wise(attempts, rows.column("attempts_made"))


def planned_rows(plan: Path, ids: pa.Array, columns: Sequence[str] | None = None) -> pa.Table:
    """Rows of a plan by their ids, with all columns or with those of some that it has."""
    with open_finished(plan) as file:
        schema = file.schema_arrow
        names = [name for name in schema.names if columns is None or name in columns]
        groups = (file.read_row_group(group, columns=names) for group in range(file.num_row_groups))
        found = [rows.filter(pc.is_in(rows.column("id"), value_set=ids)) for rows in groups]
        return pa.concat_tables([schema.empty_table().select(names), *found])


def attempt_again(rows: pa.Table, asked: Asked, *, keeps_own_seeds: bool) -> pa.Table:
    """The same rows for another attempt: with another seed, unless a row brought its own and is to keep it."""
    planned = [rows.slice(0, 0)]
    made = attempts_made(rows)
    for n_made in pc.unique(made).to_pylist():
        same = rows.filter(pc.equal(made, n_made))
        if keeps_own_seeds:
            seeds = [
                None if row["seed"] == row_seed(asked.seed, row["id"], row["attempt"]) else row["seed"]
                for row in same.select(["id", "seed", "attempt"]).to_pylist()
            ]
        else:
            seeds = [None] * len(same)
        same = put_column(same, "seed", pa.array(seeds, pa.int64()))
        planned.append(key_rows(same, asked, attempt=n_made + 1).select(rows.column_names).cast(rows.schema))
    return number_units(pa.concat_tables(planned), 0).cast(rows.schema)


def read_with_sources(rows: pa.Table, read: Stage, sources: PlanSources) -> pa.Table:
    """Refused recordings of a plan through a stage that wants their sound; what it takes it from stays where it is."""
    done = [rows.slice(0, 0)]
    for start in range(0, len(rows), _READ_TOGETHER):
        some = rows.slice(start, _READ_TOGETHER)
        asked = put_column(some, "error_kind", pa.nulls(len(some), pa.string()))
        known = put_column(read(sources.fetch(asked)), "source", some.column("source"))
        done.append(known.select(rows.column_names).cast(rows.schema))
    return pa.concat_tables(done)


def read_refused_again(rows: pa.Table, read_text: Callable[[pa.Table], pa.Table]) -> pa.Table:
    """The same rows, of which those whose text was refused have been through the front end once more."""
    refused = rows.column("error_kind").is_valid()
    read = read_text(rows.filter(refused)).select(rows.column_names).cast(rows.schema)
    return pa.concat_tables([rows.filter(pc.invert(refused)), read])
