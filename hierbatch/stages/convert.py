"""Recordings and voices to takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any, ClassVar

import pyarrow as pa

from hierbatch.audio.pitch_trackers import EVERY_DAY, pitch_tracker
from hierbatch.audio.waveform import Waveform
from hierbatch.manifest.rows import Recording, Take
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.models.conversion import Conversion, ConversionJob, convert_recordings
from hierbatch.models.converter import ConversionModel, Key
from hierbatch.models.full_band import full_band_rate
from hierbatch.stages.batching import Batches, BatchLimits, recording_limits, work_singly
from hierbatch.stages.failures import reason
from hierbatch.stages.sources import open_source
from hierbatch.stages.takes import pitch_facts, sound_facts, takes_table
from hierbatch.stages.voices import VoiceShelf


@dataclass(frozen=True, slots=True)
class _Opened:
    recording: Recording
    sound: Waveform


class Convert:
    """Converts planned recordings and measures what came out; one that fails leaves as a failed take.

    Those of a few seconds go through the model together, a long one alone and piece by piece.
    """

    PROMPT_S: ClassVar[float] = 3.0
    """A shorter prompt is heard over and over until it is this long (HierSpeech++ does the same)."""

    reads: ClassVar[tuple[str, ...]] = (
        *(field.name for field in fields(Recording) if field.name not in ("content", "path")),
        "source",
    )
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(
        self,
        model: ConversionModel,
        shelf: VoiceShelf,
        *,
        device: str,
        f0: str = EVERY_DAY,
        full_band: str | None = None,
        limits: BatchLimits | None = None,
    ) -> None:
        """A stage on one device.

        Args:
            model: converts.
            shelf: the target voices.
            device: a `Placement` in one word.
            f0: names what finds the pitch of recordings.
            full_band: the model that gives conversions above 16 kHz a top; without one there is none.
            limits: of what is worked together.

        Raises:
            InputError, ProgramError: as `pitch_tracker` does.
            BundleError: there is no such model as `full_band`.
        """
        self._f0, self._track = f0, pitch_tracker(f0)
        self._full_band, self._to_rate = full_band, full_band_rate(full_band, device)
        self._model = model
        self._shelf = shelf
        self._device = device
        self._version = version("hierbatch")
        self._batches = Batches(limits or recording_limits(device))

    def __call__(self, rows: pa.Table) -> pa.Table:
        recordings = [Recording.of(row) for row in rows.select(list(self.reads)).to_pylist()]
        takes = {r.id: self._refuse(r, r.error_kind, r.error or "") for r in recordings if r.error_kind}
        # Each is opened by itself: one that cannot be read must not cost its neighbours their batch.
        opened = work_singly(
            [r for r in recordings if not r.error_kind],
            _open,
            lambda recording, error: self._refuse(recording, *reason(error)),
        )
        ready = []
        for one in opened:
            if isinstance(one, Take):
                takes[one.id] = one
            else:
                ready.append(one)
        made = self._batches.work(
            ready,
            lambda one: one.sound.duration_s,
            self._convert,
            lambda one, error: self._refuse(one.recording, *reason(error)),
        )
        takes.update((take.id, take) for take in made)
        return takes_table(rows, [takes[recording.id] for recording in recordings])

    def _refuse(self, recording: Recording, kind: str, error: str) -> Take:
        return Take(**self._origin(recording), status="failed", error_kind=kind, error=error)

    def _convert(self, batch: Sequence[_Opened]) -> list[Take]:
        started = perf_counter()
        jobs = [self._job(one.recording, one.sound) for one in batch]
        # A recording alone may be of any length, and is worked piece by piece.
        made = convert_recordings(self._model, jobs, self._track, to_rate=self._to_rate, at_once=len(jobs) > 1)
        rtf = (perf_counter() - started) / sum(one.sound.duration_s for one in batch)
        return [self._take(one, conversion, rtf) for one, conversion in zip(batch, made, strict=True)]

    def _job(self, recording: Recording, source: Waveform) -> ConversionJob:
        return ConversionJob(
            source=source,
            voice=self._shelf.voice(recording.voice),
            seed=recording.seed,
            key=Key(semitones=recording.pitch_semitones),
            rate_hz=recording.rate_hz,
        )

    def _take(self, one: _Opened, made: Conversion, rtf: float) -> Take:
        facts = sound_facts(made.waveform, one.sound.duration_s, one.recording.id)
        # A pause of the source is no flaw of its conversion.
        facts["flags"] = tuple(flag for flag in facts["flags"] if flag != "long_silence")
        return Take(**self._origin(one.recording), status="ok", **facts, **pitch_facts(made.f0_hz), rtf=rtf)

    def _origin(self, recording: Recording) -> dict[str, Any]:
        """What is known of a take before it is made."""
        asked = {
            "pitch_semitones": round(recording.pitch_semitones, 6),
            "rate_hz": recording.rate_hz,
            "f0": self._f0,
            **({"full_band": self._full_band} if self._full_band else {}),
            "source_sha256": recording.source_sha256,
        }
        same = ("id", "take_key", "attempt", "voice", "lang", "seed", "expected_duration_s")
        return {name: getattr(recording, name) for name in same} | {
            "text_norm": "",
            "phonemes": "",
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "params": json.dumps(asked, sort_keys=True),
            "voice_sha256": self._shelf.sha256(recording.voice),
            "consent": self._shelf.consent(recording.voice),
            "hierbatch_version": self._version,
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }


def _open(recordings: Sequence[Recording]) -> list[_Opened | Take]:
    return [_Opened(r, open_source(r.content, r.path, r.source_sha256)) for r in recordings]
