"""Many small parts to few large ones: what a finished run is kept and shared as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.attempts import attempts_made
from hierbatch.engine.commit import commit_part
from hierbatch.engine.planning import put_column
from hierbatch.engine.run_folder import RunFolder, hold
from hierbatch.errors import RunError
from hierbatch.manifest.parts import open_finished
from hierbatch.manifest.store import write_table
from hierbatch.manifest.take_names import NAMING, row_names
from hierbatch.manifest.takes import Takes

_PART_BYTES = 256 << 20
_MADE = pa.field("attempts_made", pa.int16())


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactJob:
    """Which run to compact, and how large its files should be."""

    run: Path
    part_bytes: int = _PART_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """Parts before and after, and the takes in them."""

    n_parts_before: int
    n_parts: int
    n_rows: int


def compact(job: CompactJob) -> Compacted:
    """Join a finished run's parts and drop takes that no longer count.

    New parts stand before old ones go, so that a run stopped half way only holds some takes twice, which every
    reading of it allows for; the same call then finishes the work. No file ever changes and no name is used twice: who
    reads the run meanwhile finds files gone, and what they held in others that stood before.

    Raises:
        RunError: this is no run, it is in use, or rows have no take yet.
        StorageError: the disk is full; nothing is lost.
    """
    folder = RunFolder(job.run)
    folder.newest()  # or it is no run, and nothing to hold
    with hold(folder):
        folder.make()  # a copy of a run may lack its empty folders
        folder.sweep()
        generation = int(folder.newest()["number"])
        takes = Takes(job.run)
        if generation != folder.newest_planned():
            raise RunError(
                f"{job.run} is not finished",
                wanted=f"a plan of generation {generation}",
                mend="run it to its end first",
            )
        if len(takes) < takes.n_rows:
            raise RunError(
                f"{job.run} is not finished",
                wanted="a take of every row",
                got=f"{len(takes)} of {takes.n_rows}",
                mend="run it to its end first",
            )
        before = folder.part_files()
        _join_parts(folder, generation, takes, job.part_bytes)
        _join_plans(folder, generation, takes)
        for file in (*before, *folder.replaced_plan_files(generation)):
            file.unlink(missing_ok=True)  # in an object store, another driver may have been there
        n_parts = len(folder.part_files())
        folder.note("compact", parts_before=len(before), parts=n_parts)
    return Compacted(n_parts_before=len(before), n_parts=n_parts, n_rows=takes.n_rows)


def _join_parts(folder: RunFolder, generation: int, takes: Takes, part_bytes: int) -> None:
    pieces = takes.in_pieces(takes.schema.names)
    names = (f"g{generation:04d}-c{uuid4().hex[:12]}-{number:06d}" for number in count())
    while (first := next(pieces, None)) is not None:
        commit_part(folder, next(names), _filling(first, pieces, part_bytes), takes.schema)


def _filling(first: pa.Table, pieces: Iterator[pa.Table], part_bytes: int) -> Iterator[pa.Table]:
    """Pieces until they fill a part; the rest stays in `pieces`."""
    yield first
    n_bytes = first.nbytes
    while n_bytes < part_bytes and (piece := next(pieces, None)) is not None:
        yield piece
        n_bytes += piece.nbytes


def _join_plans(folder: RunFolder, generation: int, takes: Takes) -> None:
    """One plan that asks for exactly the takes that count: what was dropped must not be asked for again.

    It tells how often each row was tried: retakes go on counting from there, and give no seed twice.
    """
    schema = takes.plan_schema
    if _MADE.name not in schema.names:  # earlier versions did not put it down
        schema = schema.append(_MADE)
    rows = _rows_once(folder.plan_files(generation), row_names(takes.table(NAMING)))
    counted = (put_column(some, _MADE.name, _attempts_made(some, takes)) for some in rows)
    write_table(counted, schema, folder.joined_file(generation))


def _attempts_made(rows: pa.Table, takes: Takes) -> pa.Array:
    """As the takes that still stand tell, or the compaction before."""
    standing = takes.last_attempts(rows.column("position").to_numpy())
    return pc.max_element_wise(attempts_made(rows), pa.array(standing, _MADE.type)).combine_chunks()


def _rows_once(plans: Sequence[Path], names: pa.Array) -> Iterator[pa.Table]:
    """The named rows of some plans, each from the first that has it.

    Each plan counts its units from 0; in one plan the later ones count on, or their parts would replace each other.
    """
    n_units = 0
    for plan in plans:
        with open_finished(plan) as file:
            table = file.read()
        units = pc.add(table.column("unit"), pa.scalar(n_units, pa.int32()))
        n_units = pc.max(units).as_py() + 1
        table = put_column(table, "unit", units)
        table = table.filter(pc.is_in(row_names(table), names))
        names = names.filter(pc.invert(pc.is_in(names, row_names(table))))
        yield table
