"""Further attempts at planned rows: new seeds, and a second pass of the front end over rejected texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.planning import TakeSettings, add_take_keys, assign_units, row_seed
from hierbatch.manifest.decisions.verdicts import REJECTED_KIND
from hierbatch.manifest.runs.parts import REQUESTS_KEY, open_run_file
from hierbatch.manifest.runs.plan_sources import PlanSources
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, row_names
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.manifest.takes.take_blocks import TakesByBlock
from hierbatch.manifest.takes.takes import Takes
from hierbatch.stages.base import Stage

_SOURCE_BATCH_ROWS = 8
"""Number of recordings to check at a time, since their audio is held in memory."""


def latest_plan_rows(plans: Sequence[Path], ids: pa.Array, takes: Takes | TakesByBlock) -> pa.Table:
    """Latest planned attempt of each row, without rows whose latest attempt has no take yet.

    If reviewers have requested takes, the planned row of the best take replaces the latest attempt.

    Args:
        plans: plan files of a generation: its first plan and its retries.
        ids: ids of the rows.
        takes: snapshot of the generation's takes.
    """
    found = [planned_rows(plan, ids) for plan in plans]
    rows = pa.concat_tables(found, promote_options="default")  # a plan of an earlier version may lack a column
    rows = rows.sort_by([("position", "ascending"), ("attempt", "descending")])
    is_newest = np.diff(rows.column("position").to_numpy(), prepend=-1) != 0
    newest = rows.filter(pa.array(is_newest))
    has_take = newest.column("attempt").to_numpy() <= takes.last_attempts(newest.column("position").to_numpy())
    newest = newest.filter(pa.array(has_take))
    if not any(REQUESTS_KEY in (table.schema.metadata or {}) for table in found):
        return newest
    return _with_content_of_best_takes(newest, rows, found[0], takes)


def _with_content_of_best_takes(
    newest: pa.Table, rows: pa.Table, planned: pa.Table, takes: Takes | TakesByBlock
) -> pa.Table:
    """Replace the latest attempts, which may contain an edit that was not chosen, with the rows of the best takes.

    Args:
        newest: latest planned attempt of each row; the result keeps its attempt counts.
        rows: all planned attempts.
        planned: first attempts, used for rows whose best take was rejected or is in no plan.
        takes: snapshot of the generation's takes.
    """
    best = takes.rows(newest.column("id").to_pylist(), [*TAKE_ID_COLUMNS, "error_kind"])
    best = best.filter(pc.fill_null(pc.not_equal(best.column("error_kind"), REJECTED_KIND), True))
    best_rows = rows.filter(pc.is_in(row_names(rows), value_set=row_names(best)))
    is_open = pc.invert(pc.is_in(planned.column("id"), value_set=best_rows.column("id")))
    content = pa.concat_tables([best_rows, planned.filter(is_open)], promote_options="default")
    at = pc.index_in(newest.column("id"), value_set=content.column("id"))
    content = content.take(at)
    return with_column(content, "attempts_made", attempts_made(newest).cast(pa.int16()))


def attempts_made(rows: pa.Table) -> pa.ChunkedArray:
    """Number of attempts at each planned row so far, including those that compaction dropped."""
    attempts = rows.column("attempt")
    if "attempts_made" not in rows.column_names:  # not written by earlier versions
        return attempts
    return pc.max_element_wise(attempts, rows.column("attempts_made"))


def planned_rows(plan: Path, ids: pa.Array, columns: Sequence[str] | None = None) -> pa.Table:
    """Read rows of a plan by id.

    Args:
        plan: plan file.
        ids: ids of the rows; unknown ids are ignored.
        columns: columns to read, of which those that the plan lacks are ignored; None for all columns.
    """
    with open_run_file(plan) as file:
        schema = file.schema_arrow
        names = [name for name in schema.names if columns is None or name in columns]
        found = [schema.empty_table().select(names)]
        for group in range(file.num_row_groups):
            is_wanted = pc.is_in(file.read_row_group(group, columns=["id"]).column("id"), value_set=ids)
            if pc.any(is_wanted).as_py():
                found.append(file.read_row_group(group, columns=names).filter(is_wanted))
        return pa.concat_tables(found)


def plan_attempt(rows: pa.Table, settings: TakeSettings, *, keep_manifest_seeds: bool) -> pa.Table:
    """Plan another attempt at each row.

    Args:
        rows: rows of a plan.
        settings: take settings of the run.
        keep_manifest_seeds: True to derive new seeds only for rows without a seed in the manifest; False for all rows.
    """
    planned = [rows.slice(0, 0)]
    made = attempts_made(rows)
    for n_made in pc.unique(made).to_pylist():
        same = rows.filter(pc.equal(made, n_made))
        if keep_manifest_seeds:
            seeds = [
                None if row["seed"] == row_seed(settings.seed, row["id"], row["attempt"]) else row["seed"]
                for row in same.select(["id", "seed", "attempt"]).to_pylist()
            ]
        else:
            seeds = [None] * len(same)
        same = with_column(same, "seed", pa.array(seeds, pa.int64()))
        planned.append(add_take_keys(same, settings, attempt=n_made + 1).select(rows.column_names).cast(rows.schema))
    return assign_units(pa.concat_tables(planned), 0).cast(rows.schema)


def reread_sources(rows: pa.Table, read: Stage, sources: PlanSources) -> pa.Table:
    """Check rejected recordings again; the result contains references to the recordings instead of their audio.

    Args:
        rows: rejected rows of a plan.
        read: stage that checks recordings.
        sources: store of the recordings that were embedded in the manifest.
    """
    checked = [rows.slice(0, 0)]
    for start in range(0, len(rows), _SOURCE_BATCH_ROWS):
        batch = rows.slice(start, _SOURCE_BATCH_ROWS)
        pending = with_column(batch, "error_kind", pa.nulls(len(batch), pa.string()))
        result = with_column(read(sources.fetch(pending)), "source", batch.column("source"))
        checked.append(result.select(rows.column_names).cast(rows.schema))
    return pa.concat_tables(checked)


def reread_rejected(rows: pa.Table, read_text: Callable[[pa.Table], pa.Table], voices: Collection[str]) -> pa.Table:
    """Read rejected texts and recordings again; the result begins with the other rows, which are unchanged.

    Args:
        rows: rows of a plan.
        read_text: stage that rejected the rows.
        voices: usable voices of the run; rejected rows with any other voice stay rejected. Empty for a run without
            voices.
    """
    refused = rows.column("error_kind").is_valid()
    if voices and "voice" in rows.column_names:
        refused = pc.and_(refused, pc.is_in(rows.column("voice"), value_set=pa.array(sorted(voices), pa.string())))
    read = read_text(rows.filter(refused)).select(rows.column_names).cast(rows.schema)
    return pa.concat_tables([rows.filter(pc.invert(refused)), read])
