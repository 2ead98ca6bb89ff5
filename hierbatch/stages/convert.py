"""Recordings and voices to takes."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any, ClassVar

import pyarrow as pa

from hierbatch.audio.pitch_trackers import EVERY_DAY, pitch_tracker
from hierbatch.manifest.rows import Recording, Take
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.models.conversion import ConversionModel, Key, convert_recording
from hierbatch.stages.batching import Batches, BatchLimits
from hierbatch.stages.failures import reason
from hierbatch.stages.sources import open_source
from hierbatch.stages.takes import pitch_facts, sound_facts, takes_table
from hierbatch.stages.voices import VoiceShelf


class Convert:
    """Converts planned recordings one by one, and measures what came out; one that fails leaves as a failed take."""

    PROMPT_S: ClassVar[float] = 3.0
    """A shorter prompt is heard over and over until it is this long (HierSpeech++ does the same)."""

    reads: ClassVar[tuple[str, ...]] = (
        *(field.name for field in fields(Recording) if field.name not in ("content", "path")),
        "source",
    )
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(self, model: ConversionModel, shelf: VoiceShelf, *, device: str, f0: str = EVERY_DAY) -> None:
        """`f0` names what finds the pitch of recordings; raises InputError or ProgramError as `pitch_tracker` does."""
        self._f0, self._track = f0, pitch_tracker(f0)
        self._model = model
        self._shelf = shelf
        self._device = device
        self._version = version("hierbatch")
        self._batches = Batches(BatchLimits(n_rows=1))  # a recording is worked alone, piece by piece

    def __call__(self, rows: pa.Table) -> pa.Table:
        recordings = [Recording.of(row) for row in rows.select(list(self.reads)).to_pylist()]
        takes = {r.id: self._refuse(r, r.error_kind, r.error or "") for r in recordings if r.error_kind}
        made = self._batches.work(
            [r for r in recordings if not r.error_kind],
            lambda recording: recording.expected_duration_s,
            lambda batch: [self._convert(recording) for recording in batch],
            lambda recording, error: self._refuse(recording, *reason(error)),
        )
        takes.update((take.id, take) for take in made)
        return takes_table(rows, [takes[recording.id] for recording in recordings])

    def _refuse(self, recording: Recording, kind: str, error: str) -> Take:
        return Take(**self._origin(recording), status="failed", error_kind=kind, error=error)

    def _convert(self, recording: Recording) -> Take:
        started = perf_counter()
        source = open_source(recording.content, recording.path, recording.source_sha256)
        made = convert_recording(
            self._model,
            source,
            self._shelf.voice(recording.voice),
            seed=recording.seed,
            key=Key(semitones=recording.pitch_semitones),
            rate_hz=recording.rate_hz,
            track=self._track,
        )
        facts = sound_facts(made.waveform, source.duration_s, recording.id)
        # A pause of the source is no flaw of its conversion.
        facts["flags"] = tuple(flag for flag in facts["flags"] if flag != "long_silence")
        return Take(
            **self._origin(recording),
            status="ok",
            **facts,
            **pitch_facts(made.f0_hz),
            rtf=(perf_counter() - started) / source.duration_s,
        )

    def _origin(self, recording: Recording) -> dict[str, Any]:
        """What is known of a take before it is made."""
        asked = {
            "pitch_semitones": round(recording.pitch_semitones, 6),
            "rate_hz": recording.rate_hz,
            "f0": self._f0,
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
