"""The dry run: what an order would come to, and which rows cannot be spoken, before any time is spent on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from hierbatch.jobs.order import SpeakOrder

WORK_PER_SOUND = 0.05
"""Seconds of work a second of sound that the default model takes on one CPU core."""

_PACED_BUNDLE = "lite"

_BYTES_A_SECOND = 20_000
"""Of 16 kHz speech as FLAC."""

_N_EXAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that cannot be spoken."""

    id: str
    kind: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What an order comes to; `refusals` shows the first of `n_refused` rows."""

    n_rows: int
    n_refused: int
    refusals: tuple[Refusal, ...]
    n_units: int
    sound_s: dict[str, float]
    """Expected seconds of sound of each language."""
    notices: tuple[str, ...]
    bundle: str

    @property
    def n_bytes(self) -> int:
        return int(sum(self.sound_s.values()) * _BYTES_A_SECOND)

    @property
    def work_s(self) -> float | None:
        """Seconds of work on one CPU core; None for a model whose pace is not known."""
        return sum(self.sound_s.values()) * WORK_PER_SOUND if self.bundle == _PACED_BUNDLE else None


def estimate(order: SpeakOrder) -> Estimate:
    """Plan an order and throw the plan away.

    Raises:
        InputError: the manifest, a voice or an option is wrong.
        BundleError: the model cannot be loaded.
    """
    checked = order.check()
    sound_s: Counter[str] = Counter()
    refusals: list[Refusal] = []
    n_refused = n_units = 0
    for rows in checked.plan():
        n_units = rows.column("unit")[-1].as_py() + 1
        for row in rows.select(["lang", "expected_duration_s"]).to_pylist():
            sound_s[row["lang"]] += row["expected_duration_s"]
        refused = _refused(rows)
        n_refused += len(refused)
        refusals += refused[: _N_EXAMPLES - len(refusals)]
    return Estimate(
        n_rows=checked.n_rows,
        n_refused=n_refused,
        refusals=tuple(refusals),
        n_units=n_units,
        sound_s=dict(sound_s),
        notices=tuple(checked.notices),
        bundle=order.bundle,
    )


def _refused(rows: pa.Table) -> list[Refusal]:
    listed = rows.filter(rows.column("error_kind").is_valid()).select(["id", "error_kind", "error"]).to_pylist()
    return [Refusal(id=row["id"], kind=row["error_kind"], error=row["error"]) for row in listed]
