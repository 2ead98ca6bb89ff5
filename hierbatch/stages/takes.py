"""Measures and encoded audio of takes, in the format of the takes table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.audio.files import SoundEncoder
from hierbatch.audio.quality import TakeMeter
from hierbatch.audio.waveform import Samples, Waveform, in_blocks
from hierbatch.errors import HierbatchError, SynthesisError
from hierbatch.manifest.rows import Sound, Take, take_rows
from hierbatch.manifest.schema import TAKE_COLUMNS, arrow_schema, take_schema
from hierbatch.stages.flags import flag_defects

_SCHEMA = arrow_schema(TAKE_COLUMNS, "takes")
_MAX_ERROR_CHARACTERS = 500


def sound_facts(waveform: Waveform, expected_s: float, row_id: str) -> dict[str, Any]:
    """Length, levels, quality flags and encoded audio of a take, as fields of `Take`.

    Args:
        waveform: audio of the take.
        expected_s: expected duration in seconds; 0 if unknown.
        row_id: id of the row, used as the stem of the audio's file name.

    Raises:
        SynthesisError: no samples, or samples that are not finite.
    """
    take = StreamedTake(waveform.rate_hz)
    for block in in_blocks(waveform.samples):
        take.push(block)
    return take.facts(expected_s, row_id)


class StreamedTake:
    """Meter and encoder of a take that arrives in blocks; of the audio, only the encoded form stays in memory."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._meter, self._encoder = TakeMeter(rate_hz), SoundEncoder(rate_hz)

    def push(self, block: Samples) -> None:
        """Add the next samples; raises SynthesisError if they are not finite."""
        if not np.isfinite(block).all():
            raise SynthesisError(
                "The model output contains samples that are not finite numbers", fix="retry with another seed"
            )
        self._meter.push(block)
        self._encoder.push(block)

    def facts(self, expected_s: float, row_id: str) -> dict[str, Any]:
        """Finish the take and return its fields, as `sound_facts`; call once. Raises SynthesisError without samples."""
        n_samples = self._meter.n_samples
        if not n_samples:
            raise SynthesisError("The model produced no audio", fix="retry with another seed")
        quality, duration_s = self._meter.quality(), n_samples / self._rate_hz
        return {
            "sample_rate_hz": self._rate_hz,
            "n_samples": n_samples,
            "duration_s": duration_s,
            **{field.name: getattr(quality, field.name) for field in fields(quality)},
            "duration_ratio": duration_s / expected_s if expected_s else None,
            "flags": flag_defects(quality, duration_s, expected_s),
            "audio": Sound(self._encoder.finish(), f"{row_id}.flac"),
        }


def pitch_facts(f0_hz: npt.NDArray[np.float32]) -> dict[str, Any]:
    """Median F0 in Hz and its standard deviation in semitones, over voiced frames (`f0_hz` > 0)."""
    voiced = f0_hz[f0_hz > 0]
    if not len(voiced):
        return {"f0_median_hz": None, "f0_std_semitones": None}
    return {"f0_median_hz": float(np.median(voiced)), "f0_std_semitones": float(np.std(12 * np.log2(voiced)))}


def takes_table(rows: pa.Table, takes: Sequence[Take]) -> pa.Table:
    """Table of takes with the pass-through columns of their rows; audio is the last column."""
    table = pa.Table.from_pylist(take_rows(takes), schema=_SCHEMA)
    schema = take_schema(rows.schema)
    columns = [table.column(name) if name in table.column_names else rows.column(name) for name in schema.names]
    return pa.table(columns, schema=schema)


def failure_reason(error: Exception) -> tuple[str, str]:
    """Error kind and message of an exception; the kind is `exception` unless the error is one of hierbatch's."""
    if isinstance(error, HierbatchError):
        return error.kind, str(error)[:_MAX_ERROR_CHARACTERS]
    return "exception", f"{type(error).__name__}: {error}"[:_MAX_ERROR_CHARACTERS]
