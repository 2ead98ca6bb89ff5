"""Manifest positions of rows by id, found in a plan and kept in memory in limited number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.manifest.takes.snapshot import Positions

_MAX_REMEMBERED = 20_000
"""Maximum number of ids whose positions are kept in memory."""

ReadPlan = Callable[[Callable[[pq.ParquetFile], pa.Table]], pa.Table]
"""Function that applies another function to the plan file, or to the file that has replaced the plan."""


class KnownPositions:
    """Cache of the manifest positions of rows, by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, int] = {}

    def remember(self, positions: Mapping[str, int]) -> None:
        """Keep the positions of some ids in memory; if there would be too many, positions kept earlier are dropped."""
        if len(self._by_id) + len(positions) > _MAX_REMEMBERED:
            self._by_id.clear()
        self._by_id.update(positions)

    def positions(self, ids: Sequence[str], read_plan: ReadPlan) -> Positions:
        """Positions of the rows with these ids, ascending; positions not in memory are found with `read_plan`."""
        known = {row_id: at for row_id in ids if (at := self._by_id.get(row_id)) is not None}
        if unknown := [row_id for row_id in ids if row_id not in known]:
            id_set = pa.array(unknown, pa.string())

            def find(plan: pq.ParquetFile) -> pa.Table:
                batches = plan.iter_batches(columns=["id", "position"])
                found = [batch.filter(pc.is_in(batch.column("id"), value_set=id_set)) for batch in batches]
                return pa.Table.from_batches(found)

            read = read_plan(find)
            found = dict(zip(read.column("id").to_pylist(), read.column("position").to_pylist(), strict=True))
            if len(found) <= _MAX_REMEMBERED:
                self.remember(found)
            known |= found
        return np.unique(np.array(list(known.values()), np.int64))
