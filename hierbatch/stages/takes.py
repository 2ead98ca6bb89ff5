"""What every stage that makes sound says of it, in the one form of the takes table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.audio.files import SoundEncoder
from hierbatch.audio.quality import TakeMeter
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import SynthesisError
from hierbatch.manifest.rows import Sound, Take, take_rows
from hierbatch.manifest.schema import TAKE_COLUMNS, arrow_schema, take_schema
from hierbatch.stages.judgement import find_flaws

_SCHEMA = arrow_schema(TAKE_COLUMNS, "takes")


def sound_facts(waveform: Waveform, expected_s: float, row_id: str) -> dict[str, Any]:
    """Length, level, flaws and encoded sound of a take.

    Raises:
        SynthesisError: no samples, or samples that are not numbers.
    """
    take = StreamedTake(waveform.rate_hz)
    take.push(waveform.samples)
    return take.facts(expected_s, row_id)


class StreamedTake:
    """The same of a take that comes in pieces, of which only the encoded sound is kept."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._meter, self._encoder = TakeMeter(rate_hz), SoundEncoder(rate_hz)

    def push(self, piece: Samples) -> None:
        """The next samples; raises SynthesisError where they are not numbers."""
        if not np.isfinite(piece).all():
            raise SynthesisError("The model gave samples that are not numbers")
        self._meter.push(piece)
        self._encoder.push(piece)

    def facts(self, expected_s: float, row_id: str) -> dict[str, Any]:
        """As `sound_facts`, once; raises SynthesisError where nothing was pushed."""
        n_samples = self._meter.n_samples
        if not n_samples:
            raise SynthesisError("The model gave no sound")
        quality, duration_s = self._meter.quality(), n_samples / self._rate_hz
        return {
            "sample_rate_hz": self._rate_hz,
            "n_samples": n_samples,
            "duration_s": duration_s,
            **{field.name: getattr(quality, field.name) for field in fields(quality)},
            "duration_ratio": duration_s / expected_s if expected_s else None,
            "flags": find_flaws(quality, duration_s, expected_s),
            "audio": Sound(self._encoder.finish(), f"{row_id}.flac"),
        }


def pitch_facts(f0_hz: npt.NDArray[np.float32]) -> dict[str, Any]:
    """Median in Hz and standard deviation in semitones of the voiced part."""
    voiced = f0_hz[f0_hz > 0]
    if not len(voiced):
        return {"f0_median_hz": None, "f0_std_semitones": None}
    return {"f0_median_hz": float(np.median(voiced)), "f0_std_semitones": float(np.std(12 * np.log2(voiced)))}


def takes_table(rows: pa.Table, takes: Sequence[Take]) -> pa.Table:
    """Takes with the columns of their rows that pass through, sound last."""
    made = pa.Table.from_pylist(take_rows(takes), schema=_SCHEMA)
    schema = take_schema(rows.schema)
    columns = [made.column(name) if name in made.column_names else rows.column(name) for name in schema.names]
    return pa.table(columns, schema=schema)
