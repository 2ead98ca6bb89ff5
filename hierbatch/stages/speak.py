"""Phonemes and voices to takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any, ClassVar

import pyarrow as pa

from hierbatch.manifest.rows import Take, Utterance, sound_params
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.models.speech import SelfHearing, Speech, SpeechModel, SpeechRequest
from hierbatch.stages.batching import Batches, BatchLimits
from hierbatch.stages.failures import reason
from hierbatch.stages.judgement import find_slips
from hierbatch.stages.takes import pitch_facts, sound_facts, takes_table
from hierbatch.stages.timings import word_timings
from hierbatch.stages.voices import VoiceShelf

_NOT_OF_THE_TAKE = {"speed", "pitch_semitones", "prosody", "error_kind", "error"}


class Speak:
    """Speaks planned rows, a batch at a time, and measures what came out.

    The model and the voices are loaded once. Rows are batched by length and leave in the order they came. A row that
    fails, alone or inside a batch, leaves as a failed take; its neighbours are spoken without it. A batch too large for
    the memory is halved.
    """

    reads: ClassVar[tuple[str, ...]] = tuple(field.name for field in fields(Utterance))
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(
        self,
        model: SpeechModel,
        shelf: VoiceShelf,
        *,
        device: str,
        limits: BatchLimits | None = None,
        hears: bool = False,
    ) -> None:
        """`hears` lets a model that can listen to its own takes judge them, at a third of the cost of speaking."""
        self._model = model
        self._shelf = shelf
        self._device = device
        self._batches = Batches(limits or BatchLimits())
        self._version = version("hierbatch")  # once: it reads the whole description of the package
        self._ear = model if hears and isinstance(model, SelfHearing) else None

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
        return takes_table(rows, [takes[u.id] for u in utterances])

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
        facts = sound_facts(speech.waveform, utterance.expected_duration_s, utterance.id)
        if self._ear:
            hearing = self._ear.hear(speech, self._request(utterance))
            facts |= {"semantic_dist": hearing.semantic_dist, "flags": (*facts["flags"], *find_slips(hearing))}
        return Take(
            **self._origin(utterance),
            status="ok",
            **facts,
            **pitch_facts(speech.f0_hz),
            timings=word_timings(utterance.text_norm, utterance.phonemes, speech.token_frames, speech.lead_frames),
            rtf=rtf,
        )

    def _origin(self, utterance: Utterance) -> dict[str, Any]:
        """What is known of a take before it is spoken."""
        same = {name: getattr(utterance, name) for name in self.reads if name not in _NOT_OF_THE_TAKE}
        return same | {
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "params": json.dumps(sound_params(asdict(utterance)), sort_keys=True),
            "voice_sha256": self._shelf.sha256(utterance.voice),
            "consent": self._shelf.consent(utterance.voice),
            "hierbatch_version": self._version,
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }
