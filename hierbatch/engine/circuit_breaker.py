"""Condition under which a run with many failures stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hierbatch.engine.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreaker:
    """Stop condition of a run: too many failed rows."""

    max_failed_ratio: float = 0.2
    """Share of failed rows among processed rows above which the run stops."""
    min_rows: int = 50
    """Minimum number of processed rows for the ratio to be checked."""

    def is_open(self, progress: Progress) -> bool:
        """Return True if the run should stop."""
        n_processed = progress.n_ok + progress.n_failed
        return n_processed >= self.min_rows and progress.n_failed > self.max_failed_ratio * n_processed
