"""Voice conversion stage: source recordings and target voices in, takes out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from hierbatch.audio.pitch import F0
from hierbatch.audio.pitch_trackers import DEFAULT_TRACKER, pitch_tracker
from hierbatch.manifest.columns.rows import PlannedRecording
from hierbatch.models.conversion.interface import DEFAULT_PITCH, ConversionModel, parse_pitch
from hierbatch.models.conversion.recording import ConversionJob, convert_recordings
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.upsampling.full_band import full_band_block_resampler
from hierbatch.stages.batching import BatchLimits, recording_limits
from hierbatch.stages.recordings import DecodedSource, SourceStream, read_source, stream_source
from hierbatch.stages.take_maker import Opened, TakeMaker
from hierbatch.stages.takes import StreamedTake, pitch_facts, stream_take
from hierbatch.stages.voices import VoiceStore

_LONG_S = 60.0
"""Duration in seconds above which a recording is decoded only when it is converted, in blocks."""


@dataclass(frozen=True, slots=True)
class ConvertedRecording:
    """Take of a converted recording, the F0 of the conversion in Hz, and the source recording."""

    take: StreamedTake
    f0_hz: F0
    source: DecodedSource | SourceStream


class Convert(TakeMaker[PlannedRecording, DecodedSource | None, ConvertedRecording]):
    """Stage that converts planned recordings and measures the results.

    Short recordings are converted in batches, long ones alone and in segments.
    """

    PROMPT_S: ClassVar[float] = 3.0
    """Duration in seconds up to which shorter prompts are repeated (as in HierSpeech++)."""

    reads: ClassVar[tuple[str, ...]] = (
        *(field.name for field in fields(PlannedRecording) if field.name not in ("content", "path", "cast")),
        "source",
    )
    source_flags: ClassVar[frozenset[str]] = frozenset({"long_silence"})

    def __init__(
        self,
        model: ConversionModel,
        voices: VoiceStore,
        *,
        placement: DevicePlacement,
        f0: str = DEFAULT_TRACKER,
        pitch: str = DEFAULT_PITCH,
        full_band: str | None = None,
        limits: BatchLimits | None = None,
    ) -> None:
        """Create the stage.

        Args:
            model: conversion model.
            voices: target voices.
            placement: device and precision.
            f0: name of the pitch tracker for source recordings.
            pitch: treatment of the melody, as `parse_pitch` accepts it.
            full_band: bandwidth-extension model for output above 16 kHz; None resamples instead.
            limits: batch limits; by default those of the device.

        Raises:
            InputError: the pitch tracker is unknown, or `pitch` is invalid.
            ProgramError: the package of the pitch tracker is missing.
            BundleError: the model `full_band` does not exist.
        """
        super().__init__(model, voices, device=str(placement), limits=limits or recording_limits(placement))
        self._model, self._voices = model, voices
        self._f0, self._track = f0, pitch_tracker(f0)
        parse_pitch(pitch)
        self._pitch = pitch
        self._full_band, self._to_rate = full_band, full_band_block_resampler(full_band, placement)

    def read_row(self, row: Mapping[str, Any]) -> PlannedRecording:
        """Create a planned recording from a plan row."""
        return PlannedRecording.from_row(row)

    def open(self, row: PlannedRecording) -> DecodedSource | None:
        """Decode and return the recording; return None if it is long: it is then decoded during conversion."""
        if row.expected_duration_s > _LONG_S:
            return None
        source = read_source(row.content, row.path, row.source_sha256)
        return source if source.duration_s <= _LONG_S else None  # a header may be wrong

    def length_s(self, item: Opened[PlannedRecording, DecodedSource | None]) -> float:
        """Duration in seconds; for a long recording, which is not decoded yet, the expected duration."""
        return item.source.duration_s if item.source else max(item.row.expected_duration_s, _LONG_S)

    def batch_key(self, item: Opened[PlannedRecording, DecodedSource | None]) -> Hashable:
        """None for short recordings, which share batches; the id for a long recording, which is converted alone."""
        return None if item.source else item.row.id

    def make(self, batch: Sequence[Opened[PlannedRecording, DecodedSource | None]]) -> list[ConvertedRecording]:
        """Convert a batch of recordings."""
        sources = [
            item.source or stream_source(item.row.content, item.row.path, item.row.source_sha256) for item in batch
        ]
        jobs = [
            ConversionJob(
                source=source.waveform if isinstance(source, DecodedSource) else source,
                voice=self._voices.voice(item.row.voice),
                seed=item.row.seed,
                transposition=parse_pitch(self._pitch, item.row.pitch_semitones),
                rate_hz=item.row.rate_hz,
            )
            for item, source in zip(batch, sources, strict=True)
        ]
        # A single recording may have any length and is converted in segments.
        made = convert_recordings(self._model, jobs, self._track, to_rate=self._to_rate, batched=len(batch) > 1)
        return [
            ConvertedRecording(stream_take(conversion.blocks, conversion.rate_hz), conversion.f0_hz, source)
            for conversion, source in zip(made, sources, strict=True)
        ]

    def measure(
        self, item: Opened[PlannedRecording, DecodedSource | None], result: ConvertedRecording
    ) -> dict[str, Any]:
        """Audio and measures of a conversion, as fields of `Take`."""
        facts = result.take.facts(result.source.duration_s, item.row.id)
        facts["flags"] += result.source.flags
        return facts | pitch_facts(result.f0_hz)

    def settings(self, row: PlannedRecording) -> Mapping[str, Any]:
        """Transposition, output rate, pitch tracker, melody treatment, bandwidth extension, and hash of the source."""
        return {
            "pitch_semitones": round(row.pitch_semitones, 6),
            "rate_hz": row.rate_hz,
            "f0": self._f0,
            **({"pitch": self._pitch} if self._pitch != DEFAULT_PITCH else {}),
            **({"full_band": self._full_band} if self._full_band else {}),
            "source_sha256": row.source_sha256,
        }
