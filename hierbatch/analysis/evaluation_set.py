"""What every model is measured on: committed sentences, and voices as row ids of speakers no model is trained on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

SetName = Literal["development", "evaluation"]
SET_NAMES: tuple[SetName, ...] = ("development", "evaluation")
"""`development` is for choosing between models; `evaluation` is for what is published, and chooses nothing."""

_LANGUAGE_NAMES = {"en": "english", "ko": "korean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence to speak; `spoken` has its digits in words (equal to `text` where there are none)."""

    id: str
    language: str
    category: str
    text: str
    spoken: str

    @property
    def readings(self) -> tuple[str, ...]:
        """The ways its words may be written."""
        return tuple(dict.fromkeys((self.text, self.spoken)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A row of a Parquet file of recordings, or a part of it; without `end_s` up to its end."""

    file: str
    row: str
    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicePair:
    """One held-out speaker: the clip a model hears, and another clip that its speech is compared with."""

    speaker: str
    language: str
    prompt: Clip
    reference: Clip


@dataclass(frozen=True, slots=True)
class Rereading:
    """A recording with a transcript, which a model reads too in the same speaker's voice."""

    speaker: str
    clip: Clip


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSet:
    """Sentences by language and the voices that speak them."""

    name: SetName
    sentences: tuple[Sentence, ...]
    voices: tuple[VoicePair, ...]
    rereadings: tuple[Rereading, ...]

    def sentences_in(self, language: str) -> tuple[Sentence, ...]:
        return tuple(sentence for sentence in self.sentences if sentence.language == language)

    def voices_in(self, language: str) -> tuple[VoicePair, ...]:
        return tuple(voice for voice in self.voices if voice.language == language)

    def clips(self) -> tuple[Clip, ...]:
        """Every recording the set needs."""
        pairs = [clip for voice in self.voices for clip in (voice.prompt, voice.reference)]
        return (*pairs, *(rereading.clip for rereading in self.rereadings))


def load_set(name: SetName) -> EvaluationSet:
    """One of the committed sets."""
    sentences = [sentence for language in _LANGUAGE_NAMES for sentence in _sentences(name, language)]
    listed: dict[str, Any] = json.loads(_read(f"voices_{name}.json"))
    voices = [
        VoicePair(
            speaker=voice["speaker"],
            language=voice["language"],
            prompt=Clip(**voice["prompt"]),
            reference=Clip(**voice["reference"]),
        )
        for voice in listed["voices"]
    ]
    rereadings = [Rereading(entry["speaker"], Clip(**entry["clip"])) for entry in listed["rereadings"]]
    return EvaluationSet(name=name, sentences=tuple(sentences), voices=tuple(voices), rereadings=tuple(rereadings))


def _sentences(name: SetName, language: str) -> list[Sentence]:
    header, *lines = _read(f"{_LANGUAGE_NAMES[language]}_{name}.tsv").splitlines()
    columns = header.split("\t")
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
    return [Sentence(language=language, **row | {"spoken": row["spoken"] or row["text"]}) for row in rows]


def _read(file_name: str) -> str:
    folder = resources.files("hierbatch.analysis").joinpath("evaluation_sets")
    return folder.joinpath(file_name).read_text(encoding="utf-8")
