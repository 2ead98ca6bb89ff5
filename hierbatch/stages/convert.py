"""Voice conversion stage: source recordings and target voices to takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any, ClassVar

import pyarrow as pa

from hierbatch.audio.pitch_trackers import DEFAULT_TRACKER, pitch_tracker
from hierbatch.audio.waveform import Waveform
from hierbatch.manifest.rows import PlannedRecording, Take
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.models.conversion.interface import ConversionModel, Transposition
from hierbatch.models.conversion.recording import Conversion, ConversionJob, convert_recordings
from hierbatch.models.upsampling.full_band import full_band_resampler
from hierbatch.stages.batching import Batches, BatchLimits, process_individually, recording_limits
from hierbatch.stages.failures import reason
from hierbatch.stages.recordings import read_source
from hierbatch.stages.takes import pitch_facts, sound_facts, takes_table
from hierbatch.stages.voices import VoiceStore


@dataclass(frozen=True, slots=True)
class _Opened:
    recording: PlannedRecording
    sound: Waveform
    flags: tuple[str, ...]


class Convert:
    """Converts planned recordings and measures the results; a recording that fails becomes a failed take.

    Short recordings are converted in batches, long ones alone and in segments.
    """

    PROMPT_S: ClassVar[float] = 3.0
    """Shorter prompts are repeated up to this length (as in HierSpeech++)."""

    reads: ClassVar[tuple[str, ...]] = (
        *(field.name for field in fields(PlannedRecording) if field.name not in ("content", "path")),
        "source",
    )
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(
        self,
        model: ConversionModel,
        voices: VoiceStore,
        *,
        device: str,
        f0: str = DEFAULT_TRACKER,
        full_band: str | None = None,
        limits: BatchLimits | None = None,
    ) -> None:
        """Create the stage.

        Args:
            model: conversion model.
            voices: target voices.
            device: a `DevicePlacement` as text.
            f0: name of the pitch tracker for source recordings.
            full_band: bandwidth-extension model for output above 16 kHz; None for none.
            limits: batch limits; by default those of the device.

        Raises:
            InputError, ProgramError: see `pitch_tracker`.
            BundleError: the model `full_band` does not exist.
        """
        self._f0, self._track = f0, pitch_tracker(f0)
        self._full_band, self._to_rate = full_band, full_band_resampler(full_band, device)
        self._model = model
        self._voices = voices
        self._device = device
        self._version = version("hierbatch")
        self._batches = Batches(limits or recording_limits(device))

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Convert planned rows to takes, in the same order."""
        recordings = [PlannedRecording.from_row(row) for row in rows.select(list(self.reads)).to_pylist()]
        takes = {r.id: self._failed_take(r, r.error_kind, r.error or "") for r in recordings if r.error_kind}
        # Opened one by one: an unreadable recording must not fail the batch of the others.
        opened = process_individually(
            [r for r in recordings if not r.error_kind],
            _open,
            lambda recording, error: self._failed_take(recording, *reason(error)),
        )
        ready = []
        for item in opened:
            if isinstance(item, Take):
                takes[item.id] = item
            else:
                ready.append(item)
        converted = self._batches.work(
            ready,
            lambda item: item.sound.duration_s,
            self._convert,
            lambda item, error: self._failed_take(item.recording, *reason(error)),
        )
        takes.update((take.id, take) for take in converted)
        return takes_table(rows, [takes[recording.id] for recording in recordings])

    def _failed_take(self, recording: PlannedRecording, kind: str, error: str) -> Take:
        return Take(**self._common_fields(recording), status="failed", error_kind=kind, error=error)

    def _convert(self, batch: Sequence[_Opened]) -> list[Take]:
        started = perf_counter()
        jobs = [self._job(item.recording, item.sound) for item in batch]
        # A single recording may have any length and is converted in segments.
        conversions = convert_recordings(self._model, jobs, self._track, to_rate=self._to_rate, batched=len(jobs) > 1)
        rtf = (perf_counter() - started) / sum(item.sound.duration_s for item in batch)
        return [self._take(item, conversion, rtf) for item, conversion in zip(batch, conversions, strict=True)]

    def _job(self, recording: PlannedRecording, source: Waveform) -> ConversionJob:
        return ConversionJob(
            source=source,
            voice=self._voices.voice(recording.voice),
            seed=recording.seed,
            transposition=Transposition(semitones=recording.pitch_semitones),
            rate_hz=recording.rate_hz,
        )

    def _take(self, item: _Opened, conversion: Conversion, rtf: float) -> Take:
        facts = sound_facts(conversion.waveform, item.sound.duration_s, item.recording.id)
        # A pause in the source is not a defect of the conversion.
        facts["flags"] = tuple(flag for flag in facts["flags"] if flag != "long_silence") + item.flags
        return Take(
            **self._common_fields(item.recording), status="ok", **facts, **pitch_facts(conversion.f0_hz), rtf=rtf
        )

    def _common_fields(self, recording: PlannedRecording) -> dict[str, Any]:
        """Fields of a take that are known before the conversion."""
        settings = {
            "pitch_semitones": round(recording.pitch_semitones, 6),
            "rate_hz": recording.rate_hz,
            "f0": self._f0,
            **({"full_band": self._full_band} if self._full_band else {}),
            "source_sha256": recording.source_sha256,
        }
        copied = ("id", "take_key", "attempt", "voice", "language", "seed", "expected_duration_s")
        return {name: getattr(recording, name) for name in copied} | {
            "text_norm": "",
            "phonemes": "",
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "settings_json": json.dumps(settings, sort_keys=True),
            "voice_sha256": self._voices.sha256(recording.voice),
            "consent": self._voices.consent(recording.voice),
            "hierbatch_version": self._version,
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }


def _open(recordings: Sequence[PlannedRecording]) -> list[_Opened | Take]:
    sources = [(r, read_source(r.content, r.path, r.source_sha256)) for r in recordings]
    return [_Opened(recording, source.waveform, source.flags) for recording, source in sources]
