"""Compaction: many small Parquet files of a finished run are merged into few large ones, for storage and sharing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.attempts import attempts_made, planned_rows
from hierbatch.engine.run_folder import RunFolder, lock_run
from hierbatch.engine.worker import commit_part
from hierbatch.errors import RunError
from hierbatch.jobs.shards import merge_shards, shard_folders
from hierbatch.jobs.status import count_rows
from hierbatch.manifest.decisions.take_requests import read_requests
from hierbatch.manifest.runs.parts import REQUESTS_KEY, open_run_file
from hierbatch.manifest.runs.run_layout import is_compacted_part
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, digest_rows, row_names
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.manifest.takes.takes import Takes

_PART_BYTES = 256 << 20
_ATTEMPTS_MADE = pa.field("attempts_made", pa.int16())


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactJob:
    """Run to compact, and the target size of its files."""

    run: Path
    part_bytes: int = _PART_BYTES
    """Target size of a Parquet file, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactionResult:
    """Number of Parquet files before and after compaction, and number of rows."""

    n_parts_before: int
    n_parts: int
    n_rows: int


def compact(job: CompactJob) -> CompactionResult:
    """Merge the Parquet files of a finished run, and drop superseded takes, except those of rows under review.

    The shards of a run (`--shard`) are compacted and merged into one run.

    New files are complete before old ones are deleted. An interrupted compaction therefore leaves duplicates of some
    takes, which all readers tolerate; the same call finishes the compaction. Files are immutable, and names are never
    reused: a concurrent reader may find a file deleted, but the takes are then already in a new file.

    Raises:
        RunError: the folder is not a run, the run is in use, or rows have no take yet.
        StorageError: the disk is full; no take is lost.
    """
    shards = shard_folders(job.run)
    n_parts_before = 0
    for _, path in shards:
        if not _is_compacted(RunFolder(path)):
            n_parts_before += compact(replace(job, run=path)).n_parts_before
    if shards:
        merge_shards(job.run, shards)
        counts, parts = count_rows(job.run), RunFolder(job.run).part_files()
        n_rows = counts.n_ok + counts.n_failed
        return CompactionResult(n_parts_before=n_parts_before or len(parts), n_parts=len(parts), n_rows=n_rows)
    folder = RunFolder(job.run)
    folder.newest()  # raises RunError if the folder is not a run
    with lock_run(folder):
        folder.make()  # a copy of a run may lack its empty folders
        folder.remove_leftovers()
        generation = int(folder.newest()["number"])
        takes = Takes(job.run)
        if generation != folder.newest_generation():
            raise RunError(
                f"{job.run} is not finished",
                expected=f"a plan of generation {generation}",
                fix="finish the run first",
            )
        if len(takes) < takes.n_rows:
            raise RunError(
                f"{job.run} is not finished",
                expected="a take of every row",
                got=f"{len(takes)} of {takes.n_rows}",
                fix="finish the run first",
            )
        before = folder.part_files()
        decided = _decided_takes(job.run, takes)
        _join_parts(folder, generation, takes, decided, job.part_bytes)
        _join_plans(folder, generation, takes, decided)
        for file in (*before, *folder.replaced_plan_files(generation)):
            file.unlink(missing_ok=True)  # in an object store, another driver may have deleted it
        n_parts = len(folder.part_files())
        folder.log_event("compact", parts_before=len(before), parts=n_parts)
    return CompactionResult(n_parts_before=len(before), n_parts=n_parts, n_rows=takes.n_rows)


def _is_compacted(folder: RunFolder) -> bool:
    """True if the plan and all parts are compacted, as in a shard that was compacted before a merge was interrupted."""
    parts, plans = folder.part_files(), folder.plan_files(folder.newest_generation())
    return bool(parts and plans) and "-j" in plans[0].stem and all(is_compacted_part(part.name) for part in parts)


def _decided_takes(run: Path, takes: Takes) -> pa.Table:
    """All takes of rows with decisions or requests by reviewers; they are kept, since decisions can be undone."""
    ids = {*takes.choices, *(state.request.id for state in read_requests(run).values())}
    return takes.candidates(sorted(ids), takes.schema.names) if ids else takes.schema.empty_table()


def _join_parts(folder: RunFolder, generation: int, takes: Takes, decided: pa.Table, part_bytes: int) -> None:
    best = takes.iter_tables(takes.schema.names, as_decided=False)
    others = decided.filter(pc.invert(decided.column("is_best"))) if len(decided) else decided
    tables = chain(best, [others.select(takes.schema.names)] if len(others) else [])
    names = (f"g{generation:04d}-c{uuid4().hex[:12]}-{number:06d}" for number in count())
    while (first := next(tables, None)) is not None:
        commit_part(folder, next(names), _fill_part(first, tables, part_bytes), takes.schema)


def _fill_part(first: pa.Table, tables: Iterator[pa.Table], part_bytes: int) -> Iterator[pa.Table]:
    """Yield `first` and then tables from `tables`, until they fill a file of `part_bytes`."""
    yield first
    n_bytes = first.nbytes
    while n_bytes < part_bytes and (table := next(tables, None)) is not None:
        yield table
        n_bytes += table.nbytes


def _join_plans(folder: RunFolder, generation: int, takes: Takes, decided: pa.Table) -> None:
    """Write a plan that contains only takes that are kept, so that dropped takes are not synthesized again.

    The plan records the number of attempts made for each row; later retakes continue from this number and never use a
    seed twice. For rows with decisions, the plan contains the first planned take; the other kept takes of these rows
    are in a second plan, which is written first.
    """
    schema = takes.plan_schema
    if _ATTEMPTS_MADE.name not in schema.names:  # plans of earlier versions lack it
        schema = schema.append(_ATTEMPTS_MADE)
    plans, joined = folder.plan_files(generation), folder.joined_plan_file(generation)
    names = row_names(takes.table(TAKE_ID_COLUMNS))
    if len(decided):
        first = planned_rows(plans[0], decided.column("id").combine_chunks())
        names = names.filter(pc.invert(pc.is_in(names, value_set=row_names(decided))))
        names = pa.concat_arrays([names, row_names(first)])
        others = row_names(decided)
        others = others.filter(pc.invert(pc.is_in(others, value_set=row_names(first))))
        _write_other_takes(plans, joined, others, schema, takes)
    rows = _deduplicate_plan_rows(plans, names)
    counted = (with_column(table, _ATTEMPTS_MADE.name, _attempts_made(table, takes)) for table in rows)
    write_table(counted, schema, joined)


def _write_other_takes(plans: Sequence[Path], joined: Path, names: pa.Array, schema: pa.Schema, takes: Takes) -> None:
    """Write a second plan, with the takes `names` of rows with decisions, next to the plan `joined`.

    The second plan is marked like a plan of requested takes, since its rows may have edited values.
    """
    if not len(names):
        return
    rows = pa.concat_tables(_deduplicate_plan_rows(plans, names), promote_options="default")
    rows = with_column(rows, "unit", pa.array(range(len(rows)), pa.int32()))
    rows = with_column(rows, _ATTEMPTS_MADE.name, _attempts_made(rows, takes))
    marked = schema.with_metadata({**(schema.metadata or {}), REQUESTS_KEY: b"[]"})
    write_table([rows], marked, joined.with_name(f"{joined.stem}-r001-{digest_rows(rows)}.parquet"))


def _attempts_made(rows: pa.Table, takes: Takes) -> pa.Array:
    """Number of attempts made for each row, according to its existing takes or the previous compaction."""
    existing = takes.last_attempts(rows.column("position").to_numpy())
    return pc.max_element_wise(attempts_made(rows), pa.array(existing, _ATTEMPTS_MADE.type)).combine_chunks()


def _deduplicate_plan_rows(plans: Sequence[Path], names: pa.Array) -> Iterator[pa.Table]:
    """Yield the rows of several plans whose takes have the given names, each from the first plan that contains it.

    Every plan numbers its work units from 0. Units of later plans get new numbers in the merged plan; otherwise, the
    Parquet files of different units would overwrite each other.
    """
    n_units = 0
    for plan in plans:
        with open_run_file(plan) as file:
            table = file.read()
        units = pc.add(table.column("unit"), pa.scalar(n_units, pa.int32()))
        n_units = pc.max(units).as_py() + 1
        table = with_column(table, "unit", units)
        table = table.filter(pc.is_in(row_names(table), names))
        names = names.filter(pc.invert(pc.is_in(names, row_names(table))))
        yield table
