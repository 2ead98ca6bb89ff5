"""Phonemes and voices to takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from hierbatch.audio.files import encode_sound
from hierbatch.audio.quality import measure_take
from hierbatch.errors import SynthesisError
from hierbatch.manifest.rows import Sound, Take, Utterance, sound_params, take_rows
from hierbatch.manifest.schema import TAKE_COLUMNS, arrow_schema, take_schema
from hierbatch.models.speech import Speech, SpeechModel, SpeechRequest
from hierbatch.stages.batching import Batches, BatchLimits
from hierbatch.stages.failures import reason
from hierbatch.stages.judgement import find_flaws
from hierbatch.stages.timings import word_timings
from hierbatch.stages.voices import VoiceShelf

_NOT_OF_THE_TAKE = {"speed", "pitch_semitones", "prosody", "error_kind", "error"}
_SCHEMA = arrow_schema(TAKE_COLUMNS, "takes")


class Speak:
    """Speaks planned rows, a batch at a time, and measures what came out.

    The model and the voices are loaded once. Rows are batched by length and leave in the order they came. A row that
    fails, alone or inside a batch, leaves as a failed take; its neighbours are spoken without it. A batch too large for
    the memory is halved.
    """

    reads: ClassVar[tuple[str, ...]] = tuple(field.name for field in fields(Utterance))
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(
        self, model: SpeechModel, shelf: VoiceShelf, *, device: str, limits: BatchLimits | None = None
    ) -> None:
        self._model = model
        self._shelf = shelf
        self._device = device
        self._batches = Batches(limits or BatchLimits())

    def __call__(self, rows: pa.Table) -> pa.Table:
        utterances = [Utterance.of(row) for row in rows.select(list(self.reads)).to_pylist()]
        takes = {u.id: self.refuse(u, u.error_kind, u.error or "") for u in utterances if u.error_kind}
        spoken = self._batches.work(
            [u for u in utterances if not u.error_kind],
            lambda utterance: utterance.expected_duration_s,
            self._speak,
            lambda utterance, error: self.refuse(utterance, *reason(error)),
        )
        takes.update((take.id, take) for take in spoken)
        return _beside(rows, [takes[u.id] for u in utterances])

    def refuse(self, utterance: Utterance, kind: str, error: str) -> Take:
        """The failed take of a row."""
        return Take(**self._origin(utterance), status="failed", error_kind=kind, error=error)

    def _speak(self, batch: Sequence[Utterance]) -> list[Take]:
        started = perf_counter()
        speeches = self._model.speak([self._request(utterance) for utterance in batch])
        sound_s = sum(speech.waveform.duration_s for speech in speeches)
        rtf = (perf_counter() - started) / sound_s if sound_s else None
        return [self._take(u, speech, rtf) for u, speech in zip(batch, speeches, strict=True)]

    def _request(self, utterance: Utterance) -> SpeechRequest:
        return SpeechRequest(
            phonemes=utterance.phonemes,
            language=utterance.lang,
            voice=self._shelf.voice(utterance.voice),
            seed=utterance.seed,
            speed=utterance.speed,
            pitch_semitones=utterance.pitch_semitones,
            prosody=utterance.prosody,
        )

    def _take(self, utterance: Utterance, speech: Speech, rtf: float | None) -> Take:
        waveform = speech.waveform
        if not waveform.n_samples:
            raise SynthesisError("The model gave no sound")
        if not np.isfinite(waveform.samples).all():
            raise SynthesisError("The model gave samples that are not numbers")
        quality = measure_take(waveform)
        expected_s = utterance.expected_duration_s
        median_hz, spread = _pitch(speech)
        return Take(
            **self._origin(utterance),
            status="ok",
            sample_rate_hz=waveform.rate_hz,
            n_samples=waveform.n_samples,
            duration_s=waveform.duration_s,
            timings=word_timings(utterance.text_norm, utterance.phonemes, speech.token_frames, speech.lead_frames),
            **{field.name: getattr(quality, field.name) for field in fields(quality)},
            duration_ratio=waveform.duration_s / expected_s if expected_s else None,
            f0_median_hz=median_hz,
            f0_std_semitones=spread,
            flags=find_flaws(quality, waveform.duration_s, expected_s),
            rtf=rtf,
            audio=Sound(encode_sound(waveform), f"{utterance.id}.flac"),
        )

    def _origin(self, utterance: Utterance) -> dict[str, Any]:
        """What is known of a take before it is spoken."""
        same = {name: getattr(utterance, name) for name in self.reads if name not in _NOT_OF_THE_TAKE}
        return same | {
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "params": json.dumps(sound_params(asdict(utterance)), sort_keys=True),
            "voice_sha256": self._shelf.sha256(utterance.voice),
            "consent": self._shelf.consent(utterance.voice),
            "hierbatch_version": version("hierbatch"),
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }


def _pitch(speech: Speech) -> tuple[float | None, float | None]:
    """Median in Hz and standard deviation in semitones of the voiced part."""
    voiced = speech.f0_hz[speech.f0_hz > 0]
    if not len(voiced):
        return None, None
    return float(np.median(voiced)), float(np.std(12 * np.log2(voiced)))


def _beside(rows: pa.Table, takes: Sequence[Take]) -> pa.Table:
    """Takes with the columns of their rows that pass through, sound last."""
    made = pa.Table.from_pylist(take_rows(takes), schema=_SCHEMA)
    schema = take_schema(rows.schema)
    columns = [made.column(name) if name in made.column_names else rows.column(name) for name in schema.names]
    return pa.table(columns, schema=schema)
