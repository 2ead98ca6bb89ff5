"""Measures and encoded audio of takes, in the format of the takes table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.audio.files import SoundEncoder
from hierbatch.audio.level import full_scale_gain, peak_level
from hierbatch.audio.quality import TakeMeter
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import HierbatchError, SynthesisError
from hierbatch.manifest.columns.rows import EncodedAudio, Take, take_rows
from hierbatch.manifest.columns.schema import AUDIO, TAKE_COLUMNS, arrow_schema, take_schema
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
        SynthesisError: there are no samples, or some are not finite.
    """
    take = StreamedTake(waveform.rate_hz)
    for block in waveform.blocks():
        take.push(block)
    return take.facts(expected_s, row_id)


class StreamedTake:
    """Meter and encoder of a take that arrives in blocks; long takes are encoded into a temporary file."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._meter, self._encoder = TakeMeter(rate_hz), SoundEncoder(rate_hz, in_memory=False)

    def push(self, block: Samples) -> None:
        """Add the next samples; raises SynthesisError if they are not finite."""
        if not np.isfinite(block).all():
            raise SynthesisError(
                "The model output contains samples that are not finite numbers", fix="retry with another seed"
            )
        self._meter.push(block)
        self._encoder.push(block)

    def facts(self, expected_s: float, row_id: str) -> dict[str, Any]:
        """Finish the take and return its fields, as `sound_facts` does; raises SynthesisError without samples."""
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
            "audio": EncodedAudio(self._encoder.finish(), f"{row_id}.flac"),
        }


def stream_take(read: Callable[[], Iterable[Samples]], rate_hz: int) -> StreamedTake:
    """Measure and encode a take in blocks, and attenuate it if its peaks would clip.

    A take whose peaks would clip is read and encoded twice, since the gain is known only after the first pass.

    Args:
        read: function that returns the blocks of the take, each of shape [L]; it is called once or twice.
        rate_hz: sampling rate.

    Raises:
        SynthesisError: samples are not finite.
    """
    take, peak = StreamedTake(rate_hz), 0.0
    for block in read():
        peak = max(peak, peak_level(block))
        take.push(block)
    gain = full_scale_gain(peak)
    if gain == 1.0:
        return take
    attenuated = StreamedTake(rate_hz)
    for block in read():
        attenuated.push(block * np.float32(gain))
    return attenuated


def pitch_facts(f0_hz: npt.NDArray[np.float32]) -> dict[str, Any]:
    """Columns `f0_median_hz` and `f0_std_semitones` of a take, from voiced frames (`f0_hz` > 0); None without any."""
    voiced = f0_hz[f0_hz > 0]
    if not len(voiced):
        return {"f0_median_hz": None, "f0_std_semitones": None}
    return {"f0_median_hz": float(np.median(voiced)), "f0_std_semitones": float(np.std(12 * np.log2(voiced)))}


def takes_table(rows: pa.Table, takes: Sequence[Take]) -> pa.Table:
    """Table of takes with the pass-through columns of their rows; audio is the last column."""
    table = pa.Table.from_pylist(take_rows([replace(take, audio=None) for take in takes]), schema=_SCHEMA)
    sounds = _sound_column([take.audio for take in takes])
    table = table.set_column(table.schema.get_field_index("audio"), pa.field("audio", AUDIO), sounds)
    schema = take_schema(rows.schema)
    columns = [table.column(name) if name in table.column_names else rows.column(name) for name in schema.names]
    return pa.table(columns, schema=schema)


def _sound_column(sounds: Sequence[EncodedAudio | None]) -> pa.ChunkedArray:
    """Arrow column of sounds; each sound in a temporary file is a chunk, and is not copied into memory."""
    chunks = []
    for is_mapped, group in groupby(sounds, lambda sound: sound is not None and not isinstance(sound.bytes, bytes)):
        if is_mapped:
            chunks += [_mapped_sound(sound) for sound in group if sound]
        else:
            chunks.append(pa.array([sound and {"bytes": sound.bytes, "path": sound.path} for sound in group], AUDIO))
    return pa.chunked_array(chunks, AUDIO)


def _mapped_sound(sound: EncodedAudio) -> pa.StructArray:
    content = pa.py_buffer(sound.bytes)
    offsets = pa.py_buffer(np.array([0, content.size], np.int32))
    column = pa.Array.from_buffers(pa.binary(), 1, [None, offsets, content])
    return pa.StructArray.from_arrays([column, pa.array([sound.path])], fields=list(AUDIO))


def failure_reason(error: Exception) -> tuple[str, str]:
    """Error kind and message of an exception; the kind is `exception` unless the error is one of hierbatch's."""
    if isinstance(error, HierbatchError):
        return error.kind, str(error)[:_MAX_ERROR_CHARACTERS]
    return "exception", f"{type(error).__name__}: {error}"[:_MAX_ERROR_CHARACTERS]
