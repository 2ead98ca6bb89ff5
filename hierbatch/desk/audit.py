"""Audit of a run: a reviewer judges a random sample, which estimates the share of bad takes in the whole run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from hierbatch.desk.run_view import RunState
from hierbatch.manifest.decisions.choices import REJECT
from hierbatch.programs import require_package

LEVEL = 0.95
MAX_ROWS = 2000


def share_interval(n_bad: int, n_judged: int, level: float = LEVEL) -> tuple[float, float]:
    """Lower and upper limit of the exact confidence interval for the share of bad takes (Clopper and Pearson 1934).

    Args:
        n_bad: number of bad takes among those judged.
        n_judged: number of takes judged.
        level: confidence level, 0 to 1.

    Raises:
        ProgramError: SciPy is not installed.
    """
    # `scipy.stats` would take 70 MB.
    betaincinv = require_package("scipy.special", extra="desk").betaincinv
    tail = (1 - level) / 2
    low = float(betaincinv(n_bad, n_judged - n_bad + 1, tail)) if n_bad else 0.0
    high = float(betaincinv(n_bad + 1, n_judged - n_bad, 1 - tail)) if n_bad < n_judged else 1.0
    return low, high


@dataclass(frozen=True, slots=True)
class Audit:
    """Random sample of takes for a reviewer to judge."""

    takes: tuple[tuple[str, str, int], ...]
    """Id, key and attempt of each take."""
    seed: int

    def result(self, state: RunState) -> dict[str, Any]:
        """Counts and confidence interval so far; a take is judged if it has a verdict or its row was played."""
        n_judged = n_bad = 0
        for row_id, key, attempt in self.takes:
            choices = state.choices.row(row_id)
            verdict = choices.verdicts.get((key, attempt))
            n_bad += verdict == REJECT
            n_judged += verdict is not None or choices.is_listened
        low, high = share_interval(n_bad, n_judged) if n_judged else (0.0, 1.0)
        return {
            "n_drawn": len(self.takes),
            "n_judged": n_judged,
            "n_rejected": n_bad,
            "low": low,
            "high": high,
            "seed": self.seed,
        }


def new_seed() -> int:
    """Random seed of a sample; the page shows it, so that the sample can be drawn again."""
    return secrets.randbelow(1_000_000)
