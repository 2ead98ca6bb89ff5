"""Scorers of takes: functions that compute a measure from the audio of one take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, PromptError
from hierbatch.frontend.characters import clean_characters
from hierbatch.frontend.edit_distance import character_error_rate
from hierbatch.frontend.language import find_language
from hierbatch.stages.flags import is_misheard

if TYPE_CHECKING:
    from hierbatch.models.evaluation.resemblyzer import SpeakerEmbedding


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringOptions:
    """Options of a run that its scorers need."""

    asr_model: Path | None = None
    """Folder of a Whisper model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeToScore:
    """Audio, text, language and voice of a successful take."""

    waveform: Waveform
    text_norm: str
    """Normalized text; empty for recordings and for rows with phonemes only."""
    language: str | None
    voice: str
    read_prompt: Callable[[], Waveform]
    """Function that reads the prompt of the voice; raises PromptError if the run has no voice of this name."""


@dataclass(frozen=True, slots=True)
class Score:
    """Values of the columns of a measure, and quality flags to add; a column without a value is empty in the take."""

    values: Mapping[str, Any]
    flags: tuple[str, ...] = field(default=())


class Scorer(Protocol):
    """Protocol for a function that scores one take at a time; it is loaded once per worker."""

    def __call__(self, take: TakeToScore) -> Score:
        """Score one take."""
        ...


class SpeakerScorer:
    """Scorer of the similarity of a take to its prompt, with the optional speaker encoder."""

    def __init__(self, options: ScoringOptions) -> None:
        """Load the network; raises ProgramError if that is not possible."""
        # Late imports, here and below: without these measures torch is not needed.
        from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder, similarity

        self._network = ResemblyzerEncoder.load()
        self._similarity = similarity
        self._prompts: dict[str, SpeakerEmbedding] = {}

    def __call__(self, take: TakeToScore) -> Score:
        """Score a take; the score is empty without a prompt, as for a dubbed take of several voices."""
        if take.voice not in self._prompts:
            try:
                self._prompts[take.voice] = self._network.embed(take.read_prompt())
            except PromptError:
                return Score({})
        embedding = self._network.embed(take.waveform)
        return Score({"speaker_similarity": self._similarity(embedding, self._prompts[take.voice])})


class TranscriptScorer:
    """Scorer that transcribes a take and compares the transcript with the text (character error rate)."""

    def __init__(self, options: ScoringOptions) -> None:
        """Load the recognizer; raises InputError or ProgramError."""
        from hierbatch.models.evaluation.speech_recognizer import load_recognizer

        if options.asr_model is None:
            raise InputError(
                "The measure asr needs a speech recognizer",
                expected="the folder of a Whisper model",
                fix="pass --asr-model, or leave out the measure",
            )
        self._recognizer = load_recognizer(options.asr_model)

    def __call__(self, take: TakeToScore) -> Score:
        """Score a take; without a text, only transcribe it; without a language, return an empty score."""
        if not take.language:
            return Score({})
        transcript = self._recognizer.transcribe(take.waveform, take.language)
        if not take.text_norm:
            return Score({"asr_text": transcript})
        error = character_error_rate(take.text_norm, _normalize(transcript, take.language))
        return Score({"asr_text": transcript, "cer": error}, ("misheard",) if is_misheard(error) else ())


def _normalize(text: str, language: str) -> str:
    """Normalize a transcript as the front end normalizes text: numbers and symbols are spelled out."""
    found = find_language(language)
    normalize = found.load_normalizer() if found else None
    return normalize(clean_characters(text)) if normalize else text
