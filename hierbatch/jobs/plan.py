"""Dry run: estimates of the size and time of a run, and the rows that cannot be synthesized."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from hierbatch.jobs.options.prices import Prices
from hierbatch.jobs.specs.speak import SpeakSpec

REAL_TIME_FACTOR = 0.05
"""CPU seconds of the default model per second of audio, on one core."""

_MEASURED_MODEL = "lite"

_BYTES_PER_SECOND = 20_000
"""Bytes per second of 16 kHz speech as FLAC."""

_MAX_ROWS_SHOWN = 20
_MAX_WORDS_CHARACTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidRow:
    """A row that cannot be synthesized."""

    id: str
    kind: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRow:
    """A row with words in an unsupported script, which are transliterated or left out."""

    id: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """Estimated size of a run.

    `invalid_rows` and `foreign_rows` contain only the first rows of each kind, at most 20; `n_invalid` and `n_foreign`
    are the numbers of all such rows. Foreign rows have words in an unsupported script.
    """

    n_rows: int
    n_invalid: int
    invalid_rows: tuple[InvalidRow, ...]
    n_foreign: int = 0
    foreign_rows: tuple[ForeignRow, ...] = ()
    n_units: int
    sound_s: dict[str, float]
    """Expected duration of the audio in each language, in seconds."""
    notices: tuple[str, ...]
    model: str
    """Name or folder of the bundle."""
    prices: Prices = field(default_factory=lambda: Prices())

    @property
    def n_bytes(self) -> int:
        """Expected size of the audio, in bytes."""
        return int(sum(self.sound_s.values()) * _BYTES_PER_SECOND)

    @property
    def work_s(self) -> float | None:
        """Expected seconds of work for one worker, by default a CPU core; None if the worker's speed is unknown."""
        if self.prices.times_real_time:
            return sum(self.sound_s.values()) / self.prices.times_real_time
        return sum(self.sound_s.values()) * REAL_TIME_FACTOR if self.model == _MEASURED_MODEL else None

    @property
    def price(self) -> float | None:
        """Price of workers and storage, in the currency of `prices`; None without prices, or if `work_s` is unknown."""
        prices = self.prices
        if not prices.hour_price and not prices.gb_price:
            return None
        if prices.hour_price and self.work_s is None:
            return None
        return (self.work_s or 0.0) / 3600 * prices.hour_price + self.n_bytes / 1e9 * prices.gb_price


def estimate(spec: SpeakSpec, prices: Prices | None = None) -> RunEstimate:
    """Estimate the size, time and price of a run from its plan, which is not written.

    Args:
        spec: rows, voices and model.
        prices: prices and speed of a worker.

    Raises:
        InputError: the manifest, a voice or an option is invalid.
        BundleError: the model cannot be loaded.
    """
    validated = spec.check()
    sound_s: Counter[str] = Counter()
    examples: list[InvalidRow] = []
    foreign: list[ForeignRow] = []
    n_invalid = n_units = n_foreign = 0
    for rows in validated.plan():
        n_units = rows.column("unit")[-1].as_py() + 1
        for row in rows.select(["language", "expected_duration_s"]).to_pylist():
            sound_s[row["language"]] += row["expected_duration_s"]
        invalid = _invalid_rows(rows)
        n_invalid += len(invalid)
        examples += invalid[: _MAX_ROWS_SHOWN - len(examples)]
        found = _foreign_rows(rows)
        n_foreign += len(found)
        foreign += found[: _MAX_ROWS_SHOWN - len(foreign)]
    return RunEstimate(
        n_rows=validated.n_rows,
        n_invalid=n_invalid,
        invalid_rows=tuple(examples),
        n_foreign=n_foreign,
        foreign_rows=tuple(foreign),
        n_units=n_units,
        sound_s=dict(sound_s),
        notices=tuple(validated.notices),
        model=spec.model.model,
        prices=prices or Prices(),
    )


def _invalid_rows(rows: pa.Table) -> list[InvalidRow]:
    listed = rows.filter(rows.column("error_kind").is_valid()).select(["id", "error_kind", "error"]).to_pylist()
    return [InvalidRow(id=row["id"], kind=row["error_kind"], error=row["error"]) for row in listed]


def _foreign_rows(rows: pa.Table) -> list[ForeignRow]:
    listed = rows.filter(rows.column("foreign_words").is_valid()).select(["id", "foreign_words"]).to_pylist()
    return [ForeignRow(id=row["id"], words=row["foreign_words"][:_MAX_WORDS_CHARACTERS]) for row in listed]
