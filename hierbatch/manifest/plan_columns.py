"""Some columns of a plan by the rows' positions, read where they are asked for and not held."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.manifest.parts import open_finished

_HELD_GROUPS = 4
"""Takes lie in their parts about as in the plan, so that one row group after the other is wanted."""


class PlanColumns:
    """Columns of a plan; memory holds eight bytes a row, and a few row groups."""

    def __init__(self, plan: Path, columns: Sequence[str]) -> None:
        self._plan = plan
        self._columns = list(columns)
        self._starts, self._row_at = _read_places(plan)
        self._held: OrderedDict[int, pa.Table] = OrderedDict()

    def at(self, positions: npt.NDArray[np.int64]) -> pa.Table:
        """The columns of the rows at some positions, in that order."""
        rows = self._row_at[positions]
        groups = np.searchsorted(self._starts, rows, side="right") - 1
        order = np.argsort(groups, kind="stable")
        wanted = [(group, rows[groups == group] - self._starts[group]) for group in np.unique(groups).tolist()]
        found = pa.concat_tables([self._group(group).take(pa.array(within)) for group, within in wanted])
        return found.take(pa.array(np.argsort(order)))

    def _group(self, group: int) -> pa.Table:
        if group not in self._held:
            with open_finished(self._plan) as file:
                self._held[group] = file.read_row_group(group, columns=self._columns)
            if len(self._held) > _HELD_GROUPS:
                self._held.popitem(last=False)
        self._held.move_to_end(group)
        return self._held[group]


def _read_places(plan: Path) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each row group starts, with the end of the last; and where the row of each position stands."""
    with open_finished(plan) as file:
        n_rows = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        starts = np.cumsum([0, *n_rows])
        row_at = np.empty(starts[-1], np.int64)
        for group, start in enumerate(starts[:-1]):
            positions = file.read_row_group(group, columns=["position"]).column("position").to_numpy()
            row_at[positions] = np.arange(start, start + len(positions))
    return starts, row_at
