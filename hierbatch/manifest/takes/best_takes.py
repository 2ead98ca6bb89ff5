"""Selection of the best take of each row.

Takes in the parts are matched with planned rows by name; then the takes of each row are ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.columns.measures import MEASURES_KEY, parse_columns
from hierbatch.manifest.decisions.verdicts import VerdictNames
from hierbatch.manifest.runs.parts import REQUESTS_KEY, check_columns, open_run_file, read_committed_parts
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, row_names

TAKE_INDEX = np.dtype(
    [
        ("position", np.int64),
        ("part", np.int32),
        ("row", np.int32),
        ("plan", np.int32),
        ("attempt", np.int16),
        ("verdict", np.int8),
        ("is_requested", np.bool_),
        ("is_ok", np.bool_),
        ("n_rejections", np.int16),
        ("n_flags", np.int16),
        ("length_error", np.float32),
    ]
)
"""Record of one take: its place in the parts, and the values by which takes of a row are ranked.

It is kept to a few bytes, since a run can have many millions of takes.
"""

TakeIndex = npt.NDArray[np.void]
"""Array of `TAKE_INDEX` records."""

_RANKED_COLUMNS = (*TAKE_ID_COLUMNS, "status", "flags", "duration_ratio")

_NAME_BATCH_ROWS = 4096
"""Number of rows whose names are computed at once; it bounds the memory for their columns as text."""

_LOOKUP_BATCH_ROWS = 262_144
"""Minimum number of takes in one lookup, except the last; each lookup goes through the names of all planned rows."""


@dataclass(frozen=True, slots=True)
class PlannedTakes:
    """Names of the takes in some plans, and the manifest positions of their rows, one plan after another."""

    names: pa.Array
    positions: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    """Index in `names` of the first row of each plan."""
    is_requested: npt.NDArray[np.bool_]
    """True for the plans of requested takes."""

    def find(self, names: pa.ChunkedArray, takes: TakeIndex, verdicts: VerdictNames) -> TakeIndex:
        """Select the takes that the plans name; return their index records with plan, position and verdict filled in.

        Args:
            names: names of committed takes.
            takes: index records of these takes, in the same order.
            verdicts: verdicts of reviewers.
        """
        at = pc.index_in(names, value_set=self.names)
        is_planned = at.is_valid()
        takes, rows = takes[is_planned.to_numpy()], at.drop_null().to_numpy()
        takes["position"] = self.positions[rows]
        takes["plan"] = np.searchsorted(self.starts, rows, side="right") - 1
        takes["is_requested"] = self.is_requested[takes["plan"]]
        takes["verdict"] = verdicts.ranks(names.filter(is_planned))
        return takes


def index_takes(
    list_parts: Callable[[], list[Path]],
    plans: Sequence[Path],
    verdicts: VerdictNames,
    is_wanted: npt.NDArray[np.bool_] | None = None,
) -> tuple[list[Path], TakeIndex, tuple[Column, ...]]:
    """Find all takes of planned rows; filter rules are not applied yet.

    Args:
        list_parts: function that lists the committed part files.
        plans: plan of a generation, followed by those of its retries.
        verdicts: verdicts of reviewers.
        is_wanted: mask of the manifest positions to include; None for all.

    Returns:
        The part files, the index records of the takes in the order of the parts, and the columns of added measures.

    Raises:
        VanishedError: a plan was removed.
        RunError: a plan or a part is damaged.
    """
    planned = _read_planned(plans, is_wanted)
    parts: list[Path] = []
    declarations: dict[bytes, None] = {}
    found = [planned.find(names, facts, verdicts) for names, facts in _read_parts(list_parts, parts, declarations)]
    columns = {column.name: column for declared in declarations for column in parse_columns(declared)}
    return parts, np.concatenate(found) if found else np.zeros(0, TAKE_INDEX), tuple(columns.values())


def _read_parts(
    list_parts: Callable[[], list[Path]], parts: list[Path], declarations: dict[bytes, None]
) -> Iterator[tuple[pa.ChunkedArray, TakeIndex]]:
    """Yield names and index records of takes, several parts at a time.

    Args:
        list_parts: function that lists the committed part files.
        parts: list to which the path of each file that is read is appended.
        declarations: dictionary to which the distinct declarations of added measures are added as keys.
    """
    names: list[pa.Array] = []
    facts: list[TakeIndex] = []
    n_pending = 0
    for part, table in read_committed_parts(list_parts, _RANKED_COLUMNS):
        names.append(row_names(table))
        facts.append(_facts(table, len(parts)))
        parts.append(part)
        declarations.setdefault((table.schema.metadata or {}).get(MEASURES_KEY, b"[]"))
        n_pending += len(table)
        if n_pending >= _LOOKUP_BATCH_ROWS:
            yield pa.chunked_array(names), np.concatenate(facts)
            names, facts, n_pending = [], [], 0
    if names:
        yield pa.chunked_array(names), np.concatenate(facts)


def competing_takes(takes: TakeIndex) -> npt.NDArray[np.int64]:
    """Indices in `takes` of the takes that share their row with another take."""
    _, row, n_takes = np.unique(takes["position"], return_inverse=True, return_counts=True)
    return np.flatnonzero(n_takes[row] > 1)


def best_takes(takes: TakeIndex) -> TakeIndex:
    """Best take of each row, sorted by position; `hierbatch.manifest.takes.takes.Takes` documents the ranking."""
    is_flawed = (takes["n_flags"] > 0) | (takes["n_rejections"] > 0)
    length_error = np.where(is_flawed, takes["length_error"], 0.0)
    # A good take is replaced by decision only; of several failures, the last one has the current reason.
    age = np.where(takes["is_ok"] & ~is_flawed, takes["attempt"], -takes["attempt"])
    criteria = (
        takes["position"],
        -takes["verdict"],
        ~takes["is_ok"],
        takes["is_requested"] & (takes["verdict"] <= 0),
        takes["n_rejections"],
        takes["n_flags"],
        length_error,
        age,
    )
    takes = takes[np.lexsort(criteria[::-1])]  # the last key is the primary one
    result: TakeIndex = takes[np.diff(takes["position"], prepend=-1) != 0]
    return result


def _read_planned(plans: Iterable[Path], is_wanted: npt.NDArray[np.bool_] | None) -> PlannedTakes:
    """Read the names and manifest positions of planned rows; the mask `is_wanted` limits them to some positions."""
    names, positions, starts, is_requested = [], [], [0], []
    for plan in plans:
        with open_run_file(plan) as file:
            check_columns(file.schema_arrow, plan, (*TAKE_ID_COLUMNS, "position"))
            is_requested.append(REQUESTS_KEY in (file.schema_arrow.metadata or {}))
            n_rows = 0
            for batch in file.iter_batches(batch_size=_NAME_BATCH_ROWS, columns=[*TAKE_ID_COLUMNS, "position"]):
                if is_wanted is not None:
                    batch = batch.filter(pa.array(is_wanted[batch.column("position").to_numpy()]))
                n_rows += len(batch)
                names.append(row_names(pa.Table.from_batches([batch])))
                positions.append(batch.column("position").to_numpy())
            starts.append(starts[-1] + n_rows)
    return PlannedTakes(
        pa.concat_arrays(names), np.concatenate(positions), np.array(starts[:-1]), np.array(is_requested)
    )


def _facts(table: pa.Table, part: int) -> TakeIndex:
    """Index records of the takes of one part.

    `length_error` is |ln(duration / expected duration)|. `PlannedTakes.find` fills in position, plan and verdict
    later.
    """
    facts = np.zeros(len(table), TAKE_INDEX)
    facts["part"], facts["row"] = part, np.arange(len(table))
    facts["attempt"] = table.column("attempt").to_numpy()
    facts["is_ok"] = pc.equal(table.column("status"), "ok").to_numpy()
    facts["n_flags"] = pc.fill_null(pc.list_value_length(table.column("flags")), 0).to_numpy()
    facts["length_error"] = pc.fill_null(pc.abs(pc.ln(table.column("duration_ratio"))), 0.0).to_numpy()
    return facts
