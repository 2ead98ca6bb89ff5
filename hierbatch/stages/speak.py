"""Speech synthesis stage: phonemes and voices to takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any, ClassVar

import pyarrow as pa

from hierbatch.manifest.rows import PlannedUtterance, Take, delivery_settings
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.speech import Speech, SpeechModel, SpeechRequest, SupportsSelfCheck
from hierbatch.stages.batching import Batches, BatchLimits
from hierbatch.stages.failures import reason
from hierbatch.stages.flags import flag_mismatches
from hierbatch.stages.takes import pitch_facts, sound_facts, takes_table
from hierbatch.stages.timings import word_timings
from hierbatch.stages.voices import VoiceStore

_NOT_IN_TAKE = {"speed", "pitch_semitones", "prosody", "error_kind", "error"}


class Speak:
    """Synthesizes planned rows in batches and measures the results.

    The model and the voices are loaded once. Rows are batched by length and returned in their original order. A row
    that fails, alone or in a batch, becomes a failed take; the other rows of the batch are synthesized without it. A
    batch that does not fit into memory is halved.
    """

    reads: ClassVar[tuple[str, ...]] = tuple(field.name for field in fields(PlannedUtterance))
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(
        self,
        model: SpeechModel,
        voices: VoiceStore,
        *,
        placement: DevicePlacement,
        limits: BatchLimits | None = None,
        self_check: bool = False,
    ) -> None:
        """Create the stage.

        Args:
            model: speech model.
            voices: voices of the run.
            placement: device and precision.
            limits: batch limits.
            self_check: compare each take with its text and prompt by the model's own encoder, if it has one; adds a
                third to the synthesis time.
        """
        self._model = model
        self._voices = voices
        self._device = str(placement)
        self._batches = Batches(limits or BatchLimits())
        self._version = version("hierbatch")  # once: it reads the metadata file of the package
        self._self_checker = model if self_check and isinstance(model, SupportsSelfCheck) else None

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Synthesize planned rows, in the same order."""
        utterances = [PlannedUtterance.from_row(row) for row in rows.select(list(self.reads)).to_pylist()]
        takes = {u.id: self._failed_take(u, u.error_kind, u.error or "") for u in utterances if u.error_kind}
        synthesized = self._batches.work(
            [u for u in utterances if not u.error_kind],
            lambda utterance: utterance.expected_duration_s,
            self._speak,
            lambda utterance, error: self._failed_take(utterance, *reason(error)),
        )
        takes.update((take.id, take) for take in synthesized)
        return takes_table(rows, [takes[u.id] for u in utterances])

    def _failed_take(self, utterance: PlannedUtterance, kind: str, error: str) -> Take:
        """Take of a failed row."""
        return Take(**self._common_fields(utterance), status="failed", error_kind=kind, error=error)

    def _speak(self, batch: Sequence[PlannedUtterance]) -> list[Take]:
        started = perf_counter()
        speeches = self._model.speak([self._request(utterance) for utterance in batch])
        sound_s = sum(speech.waveform.duration_s for speech in speeches)
        rtf = (perf_counter() - started) / sound_s if sound_s else None
        return [self._take(u, speech, rtf) for u, speech in zip(batch, speeches, strict=True)]

    def _request(self, utterance: PlannedUtterance) -> SpeechRequest:
        return SpeechRequest(
            phonemes=utterance.phonemes,
            language=utterance.language,
            voice=self._voices.voice(utterance.voice),
            seed=utterance.seed,
            speed=utterance.speed,
            pitch_semitones=utterance.pitch_semitones,
            prosody=utterance.prosody,
        )

    def _take(self, utterance: PlannedUtterance, speech: Speech, rtf: float | None) -> Take:
        facts = sound_facts(speech.waveform, utterance.expected_duration_s, utterance.id)
        if self._self_checker:
            found = self._self_checker.self_check(speech, self._request(utterance))
            facts |= {"semantic_distance": found.semantic_distance, "flags": (*facts["flags"], *flag_mismatches(found))}
        return Take(
            **self._common_fields(utterance),
            status="ok",
            **facts,
            **pitch_facts(speech.f0_hz),
            timings=word_timings(utterance.text_norm, utterance.phonemes, speech.token_frames, speech.lead_frames),
            rtf=rtf,
        )

    def _common_fields(self, utterance: PlannedUtterance) -> dict[str, Any]:
        """Fields of a take that are known before the synthesis."""
        copied = {name: getattr(utterance, name) for name in self.reads if name not in _NOT_IN_TAKE}
        return copied | {
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "settings_json": json.dumps(delivery_settings(asdict(utterance)), sort_keys=True),
            "voice_sha256": self._voices.sha256(utterance.voice),
            "consent": self._voices.consent(utterance.voice),
            "hierbatch_version": self._version,
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }
