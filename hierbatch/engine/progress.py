"""How far a run has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from hierbatch.engine.units import Unit, UnitReport

_MAX_REASONS = 1000
"""Different reasons that are counted: a model that names the row in its error must not fill the memory."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """Counts of a run while it goes; `n_before` rows stood already when it started."""

    n_rows: int
    n_before: int
    expected_s: float
    """Seconds of sound that are left to make, by the usual pace."""
    n_ok: int = 0
    n_failed: int = 0
    sound_s: float = 0.0
    error_kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    started: float | None = None
    """When the first unit was given out: how long workers take to start says nothing of their pace."""
    _worked_s: float = 0.0

    def start(self) -> None:
        """Start the clock, if it does not run yet."""
        if self.started is None:
            self.started = monotonic()

    def add(self, unit: Unit, report: UnitReport) -> None:
        """Count a unit that was put down."""
        self.n_ok += report.n_ok
        self.n_failed += report.n_failed
        self.sound_s += report.sound_s
        self.error_kinds.update(report.error_kinds)
        for reason, count in report.reasons.items():
            if reason in self.reasons or len(self.reasons) < _MAX_REASONS:
                self.reasons[reason] += count
        self._worked_s += unit.expected_s

    def take_back(self, n_rows: int, error_kinds: Counter[str], expected_s: float) -> None:
        """Rows that are to be made again are not done any more, and those that failed have not failed yet.

        What was done in an earlier sitting was never counted here by kind: it comes off `n_before`.
        """
        failed = self.error_kinds & error_kinds
        self.error_kinds -= failed
        self.n_failed -= failed.total()
        n_good_here = min(n_rows - error_kinds.total(), self.n_ok)
        self.n_ok -= n_good_here
        self.n_before -= n_rows - failed.total() - n_good_here
        self.expected_s += expected_s

    @property
    def n_done(self) -> int:
        return self.n_before + self.n_ok + self.n_failed

    @property
    def elapsed_s(self) -> float:
        return 0.0 if self.started is None else monotonic() - self.started

    @property
    def times_real_time(self) -> float:
        """Seconds of sound made in a second."""
        return self.sound_s / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def left_sound_s(self) -> float:
        """Seconds of sound still to make, what workers have in hand included."""
        return max(0.0, self.expected_s - self._worked_s)

    @property
    def left_s(self) -> float | None:
        """Seconds until the end at the pace so far; None before there is a pace."""
        if not self._worked_s:
            return None
        return self.left_sound_s * self.elapsed_s / self._worked_s

    def line(self) -> str:
        """One line for a terminal or a log."""
        left = "" if self.left_s is None else f", {clock(self.left_s)} left"
        failed = f", {self.n_failed} failed" if self.n_failed else ""
        return (
            f"{self.n_done}/{self.n_rows} rows, {clock(self.sound_s)} of sound, "
            f"{self.times_real_time:.1f} x real time{failed}{left}"
        )


def _unheard(told: Any) -> None:
    """Where nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is told how a job goes: `progress` about once a second, `notice` for what a user should know."""

    progress: Callable[[Progress], Any] = _unheard
    notice: Callable[[str], Any] = _unheard


def clock(seconds: float) -> str:
    """Hours, minutes and seconds as people read them.

    >>> clock(3725)
    '1:02:05'
    >>> clock(65)
    '1:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
