"""Readers: Ray actors that apply a stage without a model to tables, on all cores of a cluster.

If a reader dies with its node, other readers process its tables, and a new reader is started if a core is free. A table
whose readers die repeatedly ends the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import ray
from ray.exceptions import RayError, RayTaskError

from hierbatch.engine.ray_cluster import count_worker_slots
from hierbatch.errors import RunError, SetupError
from hierbatch.pandas_import import keep_pandas_unloaded
from hierbatch.stages.base import Stage

_MAX_READINGS = 4
"""Number of readers that try one table; if all of them die, the run ends."""


class _Reader:
    """Actor for a stage without a model; the libraries that the stage has loaded stay in memory."""

    def __init__(self, stage: Stage) -> None:
        keep_pandas_unloaded()
        self._stage = stage

    def read(self, rows: pa.Table) -> pa.Table:
        return self._stage(rows)


@dataclass(frozen=True, slots=True)
class _PendingTable:
    """Table that was sent to a reader, with the reader and its call."""

    table: pa.Table
    reader: Any
    call: Any


class _Readers:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._readers: deque[Any] = deque()
        self._start()

    def __len__(self) -> int:
        return len(self._readers)

    def submit(self, table: pa.Table) -> _PendingTable:
        """Send a table to the next reader."""
        reader = self._readers[0]
        self._readers.rotate(-1)
        return _PendingTable(table, reader, reader.read.remote(table))

    def result(self, pending: _PendingTable) -> pa.Table:
        """Wait for a processed table and return it; if its reader dies, send the table to another reader.

        Raises:
            SetupError: the reader raised it.
            RunError: the rows cannot be read, or several readers died.
        """
        for _ in range(_MAX_READINGS):
            try:
                return ray.get(pending.call)
            except RayTaskError as error:
                if isinstance(error.cause, SetupError):
                    raise error.cause from error
                raise RunError(
                    "The rows cannot be read",
                    got=f"{type(error.cause).__name__}: {error.cause}",
                    fix="check the manifest, or run with `--engine local` to see the full error",
                ) from error
            except RayError as error:
                died = error
                self._replace(pending.reader)
                pending = self.submit(pending.table)
        raise RunError(
            f"{_MAX_READINGS} reader processes died",
            got=type(died).__name__,
            fix="check free memory, then run again",
        ) from died

    def close(self) -> None:
        """End all readers."""
        for reader in self._readers:
            ray.kill(reader)

    def _replace(self, reader: Any) -> None:
        """Remove a dead reader; start one reader if a core is free, or as many as at first if no reader is left."""
        if reader in self._readers:
            self._readers.remove(reader)
        if not self._readers:
            self._start()
        elif ray.available_resources().get("CPU", 0.0) >= 1.0:
            self._readers.appendleft(self._make())

    def _start(self) -> None:
        self._readers.extend(self._make() for _ in range(count_worker_slots(0.0)))

    def _make(self) -> Any:
        reader_class: Any = ray.remote(_Reader)
        return reader_class.options(num_cpus=1).remote(self._stage)


def map_tables(stage: Stage, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Apply a stage to tables on all cores of the running Ray instance, and yield the results in order.

    Raises:
        SetupError: raised by the stage.
        RunError: the stage failed, or the reader processes of a table died repeatedly.
    """
    readers = _Readers(stage)
    ahead: deque[_PendingTable] = deque()
    try:
        for table in tables:
            ahead.append(readers.submit(table))
            if len(ahead) > 2 * len(readers):
                yield readers.result(ahead.popleft())
        while ahead:
            yield readers.result(ahead.popleft())
    finally:
        readers.close()
