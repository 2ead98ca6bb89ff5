"""Speech synthesis stage: phonemes and voices in, takes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from typing import Any, ClassVar

from hierbatch.manifest.columns.rows import PlannedUtterance, delivery_settings
from hierbatch.manifest.columns.schema import TEXT_FLAGS
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.speech import SelfAssessment, Speech, SpeechModel, SpeechRequest, SupportsSelfCheck
from hierbatch.models.word_distances import word_distances
from hierbatch.stages.batching import BatchLimits
from hierbatch.stages.flags import flag_mismatches
from hierbatch.stages.take_maker import Opened, TakeMaker
from hierbatch.stages.takes import pitch_facts, sound_facts
from hierbatch.stages.timings import word_spans, word_timings
from hierbatch.stages.voices import VoiceStore


class Speak(TakeMaker[PlannedUtterance, SpeechRequest, Speech]):
    """Stage that synthesizes planned rows in batches and measures the results."""

    reads: ClassVar[tuple[str, ...]] = tuple(
        field.name for field in fields(PlannedUtterance) if field.default is MISSING
    )
    optional_reads: ClassVar[tuple[str, ...]] = ("foreign_words",)

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
            limits: batch limits; those of `BatchLimits()` by default.
            self_check: True to compare each take with its text and prompt by the model's own encoder, if the model has
                one; this adds a third to the synthesis time.
        """
        super().__init__(model, voices, device=str(placement), limits=limits or BatchLimits())
        self._model, self._voices = model, voices
        self._self_checker = model if self_check and isinstance(model, SupportsSelfCheck) else None

    def read_row(self, row: Mapping[str, Any]) -> PlannedUtterance:
        """Create a planned utterance from a plan row."""
        return PlannedUtterance.from_row(row)

    def open(self, row: PlannedUtterance) -> SpeechRequest:
        """Create the request to the model; a voice is encoded on its first use."""
        return SpeechRequest(
            phonemes=row.phonemes,
            language=row.language,
            voice=self._voices.voice(row.voice),
            seed=row.seed,
            speed=row.speed,
            pitch_semitones=row.pitch_semitones,
            prosody=row.prosody,
        )

    def length_s(self, item: Opened[PlannedUtterance, SpeechRequest]) -> float:
        """Expected duration of the utterance in seconds."""
        return item.row.expected_duration_s

    def make(self, batch: Sequence[Opened[PlannedUtterance, SpeechRequest]]) -> list[Speech]:
        """Synthesize a batch of utterances."""
        return self._model.speak([item.source for item in batch])

    def measure(self, item: Opened[PlannedUtterance, SpeechRequest], result: Speech) -> dict[str, Any]:
        """Audio, measures and word timings of an utterance, as fields of `Take`."""
        row = item.row
        facts = sound_facts(result.waveform, row.expected_duration_s, row.id) | pitch_facts(result.f0_hz)
        if row.foreign_words:
            facts["flags"] = (*facts["flags"], *TEXT_FLAGS)
        if self._self_checker:
            found = self._self_checker.self_check(result, item.source)
            facts |= {"semantic_distance": found.semantic_distance, "flags": (*facts["flags"], *flag_mismatches(found))}
            facts["word_distances"] = _word_distances(row.phonemes, result, found)
        timings = word_timings(row.text_norm, row.phonemes, result.token_frames, result.lead_frames)
        return facts | {"timings": timings}

    def settings(self, row: PlannedUtterance) -> Mapping[str, Any]:
        """Delivery settings of a row."""
        return delivery_settings(asdict(row))

    def texts(self, row: PlannedUtterance) -> Mapping[str, str]:
        """Normalized text and phonemes of a row."""
        return {"text_norm": row.text_norm, "phonemes": row.phonemes}


def _word_distances(phonemes: str, speech: Speech, found: SelfAssessment) -> tuple[float, ...] | None:
    """Semantic distances of the words of a take, in their order; None if the model has no content vectors."""
    if speech.semantic is None or found.encoded is None:
        return None
    spans = word_spans(phonemes, speech.token_frames, speech.lead_frames)
    return tuple(word_distances(found.encoded, spans, speech.semantic, spans))
