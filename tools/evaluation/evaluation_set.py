"""Evaluation sets: committed sentences, and voices given as row ids of speakers held out from training."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

SetName = Literal["development", "evaluation", "audit"]
SET_NAMES: tuple[SetName, ...] = ("development", "evaluation", "audit")
"""`development` is for choosing between models; `evaluation` is for published results only; `audit` is for the bars of
`tools.evaluation.bars`, with sentences and clips that no earlier model was measured on."""

_LANGUAGE_NAMES = {"en": "english", "ko": "korean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSentence:
    """A sentence to synthesize; `spoken` has its numbers in words (equal to `text` if it has none)."""

    id: str
    language: str
    category: str
    text: str
    spoken: str

    @property
    def readings(self) -> tuple[str, ...]:
        """Accepted spellings of the sentence, for scoring a transcript."""
        return tuple(dict.fromkeys((self.text, self.spoken)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSource:
    """Recording in a row of a Parquet file, from `start_s` to `end_s` (None: to the end of the recording)."""

    file: str
    row: str
    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicePair:
    """One held-out speaker: the prompt for the model, and a reference to compare its output with."""

    speaker: str
    language: str
    prompt: ClipSource
    reference: ClipSource


@dataclass(frozen=True, slots=True)
class TranscribedClip:
    """A recording with a transcript, whose text the model also synthesizes in the same voice."""

    speaker: str
    clip: ClipSource


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSet:
    """Sentences and voices to evaluate with."""

    name: SetName
    sentences: tuple[EvaluationSentence, ...]
    voices: tuple[VoicePair, ...]
    transcribed_clips: tuple[TranscribedClip, ...]
    other_microphones: tuple[VoicePair, ...] = ()
    """Speakers recorded with a microphone that the training data lacks; one clip each is both prompt and reference."""

    def sentences_in(self, language: str) -> tuple[EvaluationSentence, ...]:
        """Sentences of one language."""
        return tuple(sentence for sentence in self.sentences if sentence.language == language)

    def voices_in(self, language: str) -> tuple[VoicePair, ...]:
        """Voices of one language."""
        return tuple(voice for voice in self.voices if voice.language == language)

    def clips(self) -> tuple[ClipSource, ...]:
        """Sources of all recordings of the set."""
        pairs = [clip for voice in self.voices for clip in (voice.prompt, voice.reference)]
        single = [voice.prompt for voice in self.other_microphones]
        return (*pairs, *(rereading.clip for rereading in self.transcribed_clips), *single)


def load_set(name: SetName) -> EvaluationSet:
    """Load one of the committed sets."""
    sentences = [sentence for language in _LANGUAGE_NAMES for sentence in _sentences(name, language)]
    listed: dict[str, Any] = json.loads(_read(f"voices_{name}.json"))
    voices, other_microphones = (
        tuple(
            VoicePair(
                speaker=voice["speaker"],
                language=voice["language"],
                prompt=ClipSource(**voice["prompt"]),
                reference=ClipSource(**voice["reference"]),
            )
            for voice in listed.get(part, ())
        )
        for part in ("voices", "other_microphones")
    )
    transcribed_clips = [
        TranscribedClip(entry["speaker"], ClipSource(**entry["clip"])) for entry in listed["transcribed_clips"]
    ]
    return EvaluationSet(
        name=name,
        sentences=tuple(sentences),
        voices=voices,
        transcribed_clips=tuple(transcribed_clips),
        other_microphones=other_microphones,
    )


def _sentences(name: SetName, language: str) -> list[EvaluationSentence]:
    header, *lines = _read(f"{_LANGUAGE_NAMES[language]}_{name}.tsv").splitlines()
    columns = header.split("\t")
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
    return [EvaluationSentence(language=language, **row | {"spoken": row["spoken"] or row["text"]}) for row in rows]


def _read(file_name: str) -> str:
    folder = resources.files("tools.evaluation").joinpath("sets")
    return folder.joinpath(file_name).read_text(encoding="utf-8")
