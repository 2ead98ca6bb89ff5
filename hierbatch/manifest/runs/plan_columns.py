"""Random access to the columns of a plan by manifest position."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.manifest.runs.parts import open_run_file

_CACHED_GROUPS = 4
"""Number of row groups kept in memory; few suffice, since takes are stored roughly in the order of the plan."""


class PlanColumns:
    """Reader of some columns of a plan by manifest position; row groups are read when needed.

    The plan may contain only some of the positions. Memory use is eight bytes per position plus a few row groups.
    """

    def __init__(self, plan: Path, columns: Sequence[str]) -> None:
        self._plan = plan
        self._columns = list(columns)
        self._starts, self._row_at = _read_places(plan)
        self._cache: OrderedDict[int, pa.Table] = OrderedDict()

    def at(self, positions: npt.NDArray[np.int64]) -> pa.Table:
        """Columns of the rows at the given positions, in that order."""
        rows = self._row_at[positions]
        groups = np.searchsorted(self._starts, rows, side="right") - 1
        order = np.argsort(groups, kind="stable")
        wanted = [(group, rows[groups == group] - self._starts[group]) for group in np.unique(groups).tolist()]
        if not wanted:
            return self._group(0).slice(0, 0)
        found = pa.concat_tables([self._group(group).take(pa.array(within)) for group, within in wanted])
        return found.take(pa.array(np.argsort(order)))

    def _group(self, group: int) -> pa.Table:
        if group not in self._cache:
            with open_run_file(self._plan) as file:
                self._cache[group] = file.read_row_group(group, columns=self._columns)
            if len(self._cache) > _CACHED_GROUPS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(group)
        return self._cache[group]


def _read_places(plan: Path) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Read the layout of a plan.

    Returns:
        First row of each row group, with the number of rows of the plan as last entry; and the row number of each
            manifest position, -1 for positions that the plan does not contain.
    """
    with open_run_file(plan) as file:
        n_rows = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        starts = np.cumsum([0, *n_rows])
        groups = (file.read_row_group(group, columns=["position"]) for group in range(file.num_row_groups))
        positions = np.concatenate([np.zeros(0, np.int64), *(group.column("position").to_numpy() for group in groups)])
        row_at = np.full(positions.max(initial=-1) + 1, -1, np.int64)
        row_at[positions] = np.arange(len(positions))
    return starts, row_at
