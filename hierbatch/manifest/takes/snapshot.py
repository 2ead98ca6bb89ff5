"""Snapshot of the files of a run, and readers of the rows in these files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.errors import RunError
from hierbatch.manifest.columns.measures import declared_columns
from hierbatch.manifest.columns.schema import TAKE_COLUMN_NAMES
from hierbatch.manifest.decisions.verdicts import REJECTED_RANK, VerdictNames, fail_rejected
from hierbatch.manifest.runs.parts import open_run_file, read_part_rows
from hierbatch.manifest.runs.plan_columns import PlanColumns
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, row_names
from hierbatch.manifest.takes.best_takes import TakeIndex, best_takes

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Files of a run at one moment, and the places of takes in these files."""

    plans: list[Path]
    """Plan of the generation, then the plans of its retries and requested takes."""
    parts: list[Path]
    index: TakeIndex
    """Best take of each row."""
    competing: TakeIndex
    """All takes of rows that have more than one take."""
    last_attempts: npt.NDArray[np.int16]
    """Number of the last committed attempt at each manifest position, best or not; 0 if there is none."""


def select_fields(schema: pa.Schema, columns: Sequence[str]) -> pa.Schema:
    """Schema with only the named fields, in the given order."""
    return pa.schema([schema.field(name) for name in columns], metadata=schema.metadata)


def read_snapshot_rows(
    snapshot: Snapshot, index: TakeIndex, schema: pa.Schema, *, as_decided: bool = True
) -> Iterator[tuple[Positions, pa.Table]]:
    """Yield the manifest positions and the rows of takes, with the columns of `schema`, part by part.

    Args:
        snapshot: files of the run.
        index: takes to read.
        schema: columns to read.
        as_decided: True turns takes that reviewers rejected into failed takes; False leaves them unchanged.
    """
    of_takes = TAKE_COLUMN_NAMES | {column.name for column in declared_columns(schema)}
    own = [name for name in schema.names if name in of_takes]
    passed = [name for name in schema.names if name not in of_takes]
    plans = PlannedValues(snapshot.plans, passed)
    index = index[np.lexsort((index["row"], index["part"]))]
    parts, starts = np.unique(index["part"], return_index=True)
    for part, start, end in zip(parts, starts, np.append(starts, len(index))[1:], strict=True):
        takes = index[start:end]
        tables = [plans.select(takes)] if passed else []
        tables += [read_part_rows(snapshot.parts[part], takes["row"], own)] if own else []
        found = {name: table.column(name) for table in tables for name in table.column_names}
        # Measures added in a later version are null in the parts of an earlier one.
        values = [found.get(name, pa.nulls(len(takes))) for name in schema.names]
        rows = _cast(pa.table(values, names=schema.names), schema, snapshot.parts[part])
        if as_decided:
            rows = fail_rejected(rows, takes["verdict"] == REJECTED_RANK, frozenset(passed))
        yield takes["position"], rows


def _cast(rows: pa.Table, schema: pa.Schema, path: Path) -> pa.Table:
    try:
        rows.validate(full=True)
        return rows.cast(schema)
    except pa.ArrowException as error:
        raise RunError(
            f"{path} has damaged values",
            got=str(error).splitlines()[0],
            fix="delete it and run again: takes in other files are kept",
        ) from error


def planned_values(snapshot: Snapshot, columns: Sequence[str], positions: Positions | None = None) -> pa.Table:
    """Read plan columns in manifest order; rows whose best take was requested have the values of the request.

    Args:
        snapshot: files of the run.
        columns: columns of the plan.
        positions: manifest positions of the rows, ascending; None for all rows.
    """
    if positions is None:
        with open_run_file(snapshot.plans[0]) as file:
            found = file.read(columns=[*columns, "position"]).sort_by("position")
        rows, positions = found.select(list(columns)), found.column("position").to_numpy()
    else:
        rows = PlanColumns(snapshot.plans[0], columns).at(positions)
    edited = snapshot.index[snapshot.index["is_requested"]]
    edited = edited[np.isin(edited["position"], positions)]
    if not len(edited):
        return rows
    at = np.arange(len(rows))
    at[np.searchsorted(positions, edited["position"])] = len(rows) + np.arange(len(edited))
    return pa.concat_tables([rows, PlannedValues(snapshot.plans, columns).select(edited)]).take(pa.array(at))


def redecide(snapshot: Snapshot, is_wanted: npt.NDArray[np.bool_], verdicts: VerdictNames) -> Snapshot:
    """Copy of a snapshot in which the best takes of some rows are chosen again.

    Args:
        snapshot: files of the run.
        is_wanted: boolean array that selects manifest positions.
        verdicts: current verdicts of reviewers.
    """
    competing = snapshot.competing[is_wanted[snapshot.competing["position"]]]
    best = snapshot.index[is_wanted[snapshot.index["position"]]]
    alone = best[~np.isin(best["position"], competing["position"])]
    takes = np.concatenate([competing, alone])
    if not len(takes):  # decisions on takes that are not made yet
        return snapshot
    takes = takes[np.lexsort((takes["row"], takes["part"]))]
    tables = [
        read_part_rows(snapshot.parts[part], takes["row"][takes["part"] == part], TAKE_ID_COLUMNS)
        for part in np.unique(takes["part"])
    ]
    takes["verdict"] = verdicts.ranks(pa.chunked_array([row_names(pa.concat_tables(tables))]))
    index = snapshot.index.copy()
    best = best_takes(takes)
    index[np.searchsorted(index["position"], best["position"])] = best
    return replace(snapshot, index=index)


def read_candidates(snapshot: Snapshot, is_wanted: npt.NDArray[np.bool_], schema: pa.Schema) -> pa.Table:
    """Read all takes of some rows, sorted by position and attempt, with an additional column `is_best`.

    Rejected takes keep their audio.

    Args:
        snapshot: files of the run.
        is_wanted: boolean array that selects manifest positions.
        schema: columns to read, including those that identify a take.
    """
    tables = [schema.empty_table()]
    places: list[Positions] = []
    for index in (snapshot.index, snapshot.competing):  # the best take first, so that it counts of two equal ones
        for positions, rows in read_snapshot_rows(
            snapshot, index[is_wanted[index["position"]]], schema, as_decided=False
        ):
            places.append(positions)
            tables.append(rows)
    found, at = pa.concat_tables(tables), np.concatenate([np.zeros(0, np.int64), *places])
    names = row_names(found).to_numpy(zero_copy_only=False)
    _, first = np.unique(names, return_index=True)
    order = first[np.lexsort((found["attempt"].to_numpy()[first], at[first]))]
    is_best = order < np.count_nonzero(is_wanted[snapshot.index["position"]])
    return found.take(pa.array(order)).append_column("is_best", pa.array(is_best))


class PlannedValues:
    """Reader of the columns that takes have from the manifest.

    Values are read from the first plan of the snapshot; for requested takes, they are read from the plan of the
    request, which may contain edited values.
    """

    def __init__(self, plans: Sequence[Path], columns: Sequence[str]) -> None:
        self._plans = plans
        self._columns = columns
        self._opened: dict[int, PlanColumns] = {}

    def select(self, takes: TakeIndex) -> pa.Table:
        """Read the columns for some takes, in the order of the takes."""
        plans = np.where(takes["is_requested"], takes["plan"], 0)
        order = np.argsort(plans, kind="stable")
        found = [self._open(plan).at(takes["position"][plans == plan]) for plan in np.unique(plans).tolist()]
        return pa.concat_tables(found).take(pa.array(np.argsort(order)))

    def _open(self, plan: int) -> PlanColumns:
        if plan not in self._opened:
            self._opened[plan] = PlanColumns(self._plans[plan], self._columns)
        return self._opened[plan]
