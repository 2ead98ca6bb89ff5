"""Handing units to workers, and what happens to those that do not come back.

A unit whose worker died is halved and given out again, so that after log2(rows) deaths the row that kills stands
alone; once it has killed twice alone it becomes a failed take, and all its neighbours have been spoken. With a worker
that hangs, or raises where no row should make it raise, it is the same.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hierbatch.engine.pool import Finished, Lost, Pool
from hierbatch.engine.progress import Progress, Watch
from hierbatch.engine.units import Unit
from hierbatch.errors import RunError

_DEATHS_ALONE = 2
_WAIT_S = 1.0
SMALLEST_SHARE_S = 15.0
"""Seconds of sound below which a unit is not divided among workers."""

_SAYS = {
    "exception": "The worker failed on this row, twice alone",
    "crash": "The worker died on this row, twice alone: the model or a library under it ended the process",
    "timeout": "This row took far longer than it should, twice alone, and its worker was ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When so many rows fail that going on would only burn time: a share, judged from some rows on."""

    max_failed: float = 0.2
    from_rows: int = 50

    def is_open(self, progress: Progress) -> bool:
        n_worked = progress.n_ok + progress.n_failed
        return n_worked >= self.from_rows and progress.n_failed > self.max_failed * n_worked


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """One run of units through a pool."""

    pool: Pool
    progress: Progress
    breaker: Breaker
    is_stopping: Callable[[], bool]
    note: Callable[..., Any]
    watch: Watch

    def run(self, units: Iterator[Unit]) -> str:
        """Work all units; gives `done`, or why it ended early: `interrupted`, `failures`.

        However it ends, units that workers have in hand are put down first.

        Raises:
            SetupError: no worker can go on.
        """
        queue = _Queue(units, self._share_s)
        deaths: Counter[str] = Counter()
        ending = ""
        while queue or self.pool.n_busy:
            ending = ending or self._reason_to_end()
            while not ending and self.pool.n_free and queue:
                self.progress.start()
                self.pool.submit(queue.pop())
            if ending and not self.pool.n_busy:
                return ending
            for ended in self.pool.wait(_WAIT_S):
                if isinstance(ended, Finished):
                    self._count(ended)
                else:
                    queue.put(self._after_loss(ended, deaths))
            self.watch.progress(self.progress)
        return "done"

    def _share_s(self) -> float:
        """Seconds of sound that may go into one hand, so that no worker is left alone with the end of a run."""
        if self.pool.n_workers == 1:
            return math.inf
        return max(SMALLEST_SHARE_S, self.progress.left_sound_s / (2 * self.pool.n_workers))

    def _reason_to_end(self) -> str:
        if self.is_stopping():
            return "interrupted"
        return "failures" if self.breaker.is_open(self.progress) else ""

    def _count(self, ended: Finished) -> None:
        self.progress.add(ended.unit, ended.report)
        report = ended.report
        self.note("unit", unit=ended.unit.name, ok=report.n_ok, failed=report.n_failed, work_s=round(report.work_s, 3))

    def _after_loss(self, lost: Lost, deaths: Counter[str]) -> tuple[Unit, ...]:
        self.note("lost", unit=lost.unit.name, rows=lost.unit.n_rows, why=lost.why, error=lost.error)
        if lost.unit.n_rows > 1:
            return lost.unit.halves()
        if lost.unit.is_refused:
            raise RunError(
                "The workers die where there is nothing left to work",
                wanted="a failed row put down",
                got=f"{lost.why} on a row that was given up {lost.error}".rstrip(),
                mend="look for lack of memory and at the disk of the run, then run again",
            )
        deaths[lost.unit.name] += 1
        if deaths[lost.unit.name] < _DEATHS_ALONE:
            return (lost.unit,)
        said = f"{_SAYS[lost.why]}: {lost.error}" if lost.error else _SAYS[lost.why]
        return (lost.unit.refused(lost.why, said),)


class _Queue:
    """Units to give out: those that came back first, then the plan's, read one ahead; what is too large is halved."""

    def __init__(self, units: Iterator[Unit], share_s: Callable[[], float]) -> None:
        self._units = units
        self._share_s = share_s
        self._ahead: deque[Unit] = deque()

    def __bool__(self) -> bool:
        if not self._ahead and (unit := next(self._units, None)):
            self._ahead.append(unit)
        return bool(self._ahead)

    def pop(self) -> Unit:
        unit = self._ahead.popleft()
        while unit.n_rows > 1 and unit.expected_s > self._share_s():
            unit, other = unit.halves()
            self._ahead.appendleft(other)
        return unit

    def put(self, units: Iterable[Unit]) -> None:
        self._ahead.extend(units)
