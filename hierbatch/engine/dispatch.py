"""Dispatch of work units to workers, with isolation of rows that crash a worker.

If a worker dies, its unit is halved and both halves are queued again, so after log2(rows) crashes the faulty row is
alone in a unit. After two more crashes it becomes a failed take, and all other rows of the unit are processed.
Workers that hang or raise an unexpected exception are treated the same way.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.engine.pool import FinishedUnit, LostUnit, Pool
from hierbatch.engine.progress import Progress, RunListener
from hierbatch.engine.work_units import WorkUnit
from hierbatch.errors import RunError

_MAX_CRASHES_ALONE = 2
_WAIT_S, _LISTENED_WAIT_S = 1.0, 0.1
"""Maximum wait in seconds between checks for requests: usually, and while a reviewer works on the run."""
MIN_SHARE_S = 15.0
"""Units shorter than this, in seconds of audio, are not divided among workers."""
_AHEAD_SHARE_S = 480.0
"""Seconds of audio left per worker above which a second unit is queued at each worker; a unit has at most 120 s."""

_FAILURE_MESSAGES = {
    "exception": "The worker failed twice on this row alone",
    "crash": "The worker process died twice on this row alone, in the model or a library it uses",
    "timeout": "This row alone exceeded its time limit twice, and its worker was stopped",
}


class Requests(Protocol):
    """Interface to the takes that reviewers have requested."""

    @property
    def is_listened_to(self) -> bool:
        """True while a reviewer works on the run."""

    def plan_waiting(self) -> Sequence[WorkUnit]:
        """Plan the requests that have arrived since the last call, and return their work units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Dispatcher of work units to a pool of workers."""

    pool: Pool
    progress: Progress
    circuit_breaker: CircuitBreaker
    is_stopping: Callable[[], bool]
    log_event: Callable[..., Any]
    listener: RunListener
    requested: Requests | None = None
    """Requests of reviewers; their units are processed before all others."""
    on_finished: Callable[[str], Any] | None = None
    """Function that receives the name of each committed unit."""

    def run(self, units: Iterator[WorkUnit]) -> str:
        """Process all units; if the run ends early, the units in progress are finished and committed first.

        Returns:
            `done`, or the reason for an early end: `interrupted` or `failures`.

        Raises:
            SetupError: no worker can continue.
        """
        queue = _Queue(units, self._max_unit_s)
        crashes: Counter[str] = Counter()
        ending = ""
        while queue or self.pool.n_busy:
            ending = ending or self._stop_reason()
            if self.requested and not ending:
                queue.put_first(self.requested.plan_waiting())
            while not ending and self._can_submit() and queue:
                self.progress.start()
                self.pool.submit(queue.pop())
            if ending and not self.pool.n_busy:
                return ending
            is_awaited = self.requested is not None and self.requested.is_listened_to
            for ended in self.pool.wait(_LISTENED_WAIT_S if is_awaited else _WAIT_S):
                if isinstance(ended, FinishedUnit):
                    self._count(ended)
                else:
                    queue.put(self._after_loss(ended, crashes))
            self.pool.observe(self.progress)
            self.listener.on_progress(self.progress)
        return "done"

    def _can_submit(self) -> bool:
        """Return True if a worker is idle or can queue a second unit.

        With a queued unit, a worker has no idle time between units. Near the end of the run, or while a reviewer works
        on it, no second unit is queued, so that each unit goes to the first worker that is idle.
        """
        if self.pool.n_free:
            return True
        is_listened_to = self.requested is not None and self.requested.is_listened_to
        is_far = self.progress.remaining_sound_s > _AHEAD_SHARE_S * self.pool.n_workers
        return is_far and not is_listened_to and self.pool.n_ahead > 0

    def _max_unit_s(self) -> float:
        """Maximum number of seconds of audio in one unit.

        A low limit near the end of the run divides the last rows among all workers; a low limit while a reviewer works
        on the run keeps the wait for a free worker short.
        """
        limit_s = MIN_SHARE_S if self.requested and self.requested.is_listened_to else math.inf
        if self.pool.n_workers == 1:
            return limit_s
        return min(limit_s, max(MIN_SHARE_S, self.progress.remaining_sound_s / (2 * self.pool.n_workers)))

    def _stop_reason(self) -> str:
        if self.is_stopping():
            return "interrupted"
        return "failures" if self.circuit_breaker.is_open(self.progress) else ""

    def _count(self, ended: FinishedUnit) -> None:
        if not ended.unit.is_requested:
            self.progress.add(ended.unit, ended.report)
        if self.on_finished:
            self.on_finished(ended.unit.name)
        report = ended.report
        self.log_event(
            "unit", unit=ended.unit.name, ok=report.n_ok, failed=report.n_failed, work_s=round(report.work_s, 3)
        )

    def _after_loss(self, lost: LostUnit, crashes: Counter[str]) -> tuple[WorkUnit, ...]:
        if lost.cause == "waiting":
            return (lost.unit,)
        self.log_event("lost", unit=lost.unit.name, rows=lost.unit.n_rows, cause=lost.cause, error=lost.error)
        if lost.unit.n_rows > 1:
            return lost.unit.halves()
        if lost.unit.is_failed:
            raise RunError(
                "The workers fail even on rows without work",
                expected="a failed row written to disk",
                got=f"{lost.cause} on an already failed row {lost.error}".rstrip(),
                fix="check free memory and the disk of the run folder, then run again",
            )
        crashes[lost.unit.name] += 1
        if crashes[lost.unit.name] < _MAX_CRASHES_ALONE:
            return (lost.unit,)
        message = f"{_FAILURE_MESSAGES[lost.cause]}: {lost.error}" if lost.error else _FAILURE_MESSAGES[lost.cause]
        return (lost.unit.as_failed(lost.cause, message),)


class _Queue:
    """Queue of units: requested and returned units first, then the units of the plan; large units are halved."""

    def __init__(self, units: Iterator[WorkUnit], max_unit_s: Callable[[], float]) -> None:
        self._units = units
        self._max_unit_s = max_unit_s
        self._ahead: deque[WorkUnit] = deque()

    def __bool__(self) -> bool:
        if not self._ahead and (unit := next(self._units, None)):
            self._ahead.append(unit)
        return bool(self._ahead)

    def pop(self) -> WorkUnit:
        unit = self._ahead.popleft()
        while unit.n_rows > 1 and unit.expected_s > self._max_unit_s():
            unit, other = unit.halves()
            self._ahead.appendleft(other)
        return unit

    def put_first(self, units: Sequence[WorkUnit]) -> None:
        self._ahead.extendleft(reversed(units))

    def put(self, units: Iterable[WorkUnit]) -> None:
        self._ahead.extend(units)
