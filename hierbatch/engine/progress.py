"""Progress counts of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from hierbatch.engine.work_units import WorkUnit, WorkUnitReport

_MAX_REASONS = 1000
"""Maximum number of distinct failure reasons, since a model may put row ids into its errors."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """Row counts of a run in progress; `n_done_before` rows were already complete when the session started."""

    n_rows: int
    n_done_before: int
    expected_s: float
    """Expected seconds of audio of all rows that the session processes, finished or not."""
    n_ok: int = 0
    n_failed: int = 0
    sound_s: float = 0.0
    error_kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    started: float | None = None
    """Time at which the first unit was submitted; the startup time of workers does not count."""
    _finished_s: float = 0.0

    def start(self) -> None:
        """Record the start time, on the first call only."""
        if self.started is None:
            self.started = monotonic()

    def add(self, unit: WorkUnit, report: WorkUnitReport) -> None:
        """Add the rows of a committed unit to the counts."""
        self.n_ok += report.n_ok
        self.n_failed += report.n_failed
        self.sound_s += report.sound_s
        self.error_kinds.update(report.error_kinds)
        for reason, count in report.reasons.items():
            if reason in self.reasons or len(self.reasons) < _MAX_REASONS:
                self.reasons[reason] += count
        self._finished_s += unit.expected_s

    def revert(self, n_rows: int, error_kinds: Counter[str], expected_s: float) -> None:
        """Subtract rows that will be synthesized again from the counts.

        Rows that an earlier session finished are not in this session's counts; they are subtracted from
        `n_done_before`.

        Args:
            n_rows: number of rows to synthesize again.
            error_kinds: numbers of these rows that failed, by error kind.
            expected_s: expected seconds of audio of the rows.
        """
        failed = self.error_kinds & error_kinds
        self.error_kinds -= failed
        self.n_failed -= failed.total()
        n_ok_here = min(n_rows - error_kinds.total(), self.n_ok)
        self.n_ok -= n_ok_here
        self.n_done_before -= n_rows - failed.total() - n_ok_here
        self.expected_s += expected_s

    @property
    def n_done(self) -> int:
        """Number of rows with a take."""
        return self.n_done_before + self.n_ok + self.n_failed

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first unit was submitted; 0 before that."""
        return 0.0 if self.started is None else monotonic() - self.started

    @property
    def times_real_time(self) -> float:
        """Seconds of audio produced per second of wall-clock time."""
        return self.sound_s / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def remaining_sound_s(self) -> float:
        """Expected seconds of audio of all unfinished units, including those in progress."""
        return max(0.0, self.expected_s - self._finished_s)

    @property
    def remaining_s(self) -> float | None:
        """Estimated number of seconds until the end; None before the first unit is finished."""
        if not self._finished_s:
            return None
        return self.remaining_sound_s * self.elapsed_s / self._finished_s

    def line(self) -> str:
        """One-line summary for a terminal or a log."""
        remaining = "" if self.remaining_s is None else f", {format_duration(self.remaining_s)} left"
        failed = f", {self.n_failed} failed" if self.n_failed else ""
        return (
            f"{self.n_done}/{self.n_rows} rows, {format_duration(self.sound_s)} of audio, "
            f"{self.times_real_time:.1f} x real time{failed}{remaining}"
        )


def _ignore(event: Any) -> None:
    """Discard an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListener:
    """Callbacks of a job: `on_progress` about once per second, `on_message` for messages to the user."""

    on_progress: Callable[[Progress], Any] = _ignore
    on_message: Callable[[str], Any] = _ignore


def format_duration(seconds: float) -> str:
    """Format a duration as hours, minutes and seconds.

    >>> format_duration(3725)
    '1:02:05'
    >>> format_duration(65)
    '1:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
