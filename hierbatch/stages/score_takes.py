"""Scores of takes by independent networks: speaker similarity and ASR character error rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pyarrow as pa

from hierbatch.audio.files import read_sound
from hierbatch.errors import InputError
from hierbatch.frontend.characters import clean_characters
from hierbatch.frontend.edit_distance import character_error_rate
from hierbatch.frontend.language import find_language
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.stages.flags import is_misheard
from hierbatch.stages.voices import read_prompt

if TYPE_CHECKING:
    from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder, SpeakerEmbedding
    from hierbatch.models.evaluation.speech_recogniser import SpeechRecogniser

MEASURES = ("semantic", "speaker")
_TYPES = {column.name: column.type for column in TAKE_COLUMNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Optional measures of takes; they do not change the audio, so a run can resume with other measures."""

    semantic: bool = False
    """Compare the content vectors of each take with those it was synthesized from, with the model's own encoder."""
    speaker: bool = False
    """Speaker similarity of take and prompt, by the optional speaker network."""
    asr_model: Path | None = None
    """Folder of a Whisper model that transcribes the takes."""

    @classmethod
    def from_names(cls, names: Iterable[str], asr_model: Path | None = None) -> Self:
        """Measures by their names in `MEASURES`; raises InputError for an unknown name.

        Args:
            names: names of measures.
            asr_model: folder of a Whisper model.
        """
        wanted = set(names)
        if unknown := sorted(wanted - set(MEASURES)):
            raise InputError(
                "Unknown measure", expected=", ".join(MEASURES), got=", ".join(unknown), fix="change --measures"
            )
        return cls(semantic="semantic" in wanted, speaker="speaker" in wanted, asr_model=asr_model)

    @classmethod
    def from_origin(cls, origin: Mapping[str, str]) -> Self:
        """Inverse of `to_origin`."""
        folder = origin.get("recogniser")
        return cls.from_names(filter(None, origin.get("measures", "").split(",")), Path(folder) if folder else None)

    def to_origin(self) -> dict[str, str]:
        """Entries for the record of a run; empty without measures."""
        names = ",".join(name for name in MEASURES if getattr(self, name))
        texts = {"measures": names, "recogniser": str(self.asr_model.resolve()) if self.asr_model else ""}
        return {name: text for name, text in texts.items() if text}

    def check(self) -> None:
        """Load the requested networks once, before any worker does; raises InputError or ProgramError."""
        self.load_speaker_network()
        self.load_recogniser()

    # Late imports: without these measures torch is not needed.
    def load_speaker_network(self) -> ResemblyzerEncoder | None:
        """Speaker network, or None if it was not requested; raises ProgramError."""
        if not self.speaker:
            return None
        from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder

        return ResemblyzerEncoder.load()

    def load_recogniser(self) -> SpeechRecogniser | None:
        """Speech recogniser, or None if it was not requested; raises InputError or ProgramError."""
        if self.asr_model is None:
            return None
        from hierbatch.models.evaluation.speech_recogniser import load_recogniser

        return load_recogniser(self.asr_model)


class ScoreTakes:
    """Stage that scores successful takes; failed ones pass through unchanged."""

    reads: ClassVar[tuple[str, ...]] = ("voice", "language", "text_norm", "flags", "audio")
    writes: ClassVar[tuple[str, ...]] = ("speaker_similarity", "asr_text", "cer", "flags")

    def __init__(self, measures: Measures, voices: Path) -> None:
        """Load the requested networks; `voices` is the voice table of the run, with the prompts to compare with."""
        self._network = measures.load_speaker_network()
        self._recogniser = measures.load_recogniser()
        self._voices = voices
        self._prompts: dict[str, SpeakerEmbedding] = {}

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Fill in the scores of successful takes."""
        if self._network is None and self._recogniser is None:
            return rows
        scored = [self._score(row) for row in rows.select(list(self.reads)).to_pylist()]
        for name in self.writes:
            at = rows.schema.get_field_index(name)
            column = pa.array([row[name] for row in scored], _TYPES[name])
            rows = rows.set_column(at, rows.schema.field(at), column)
        return rows

    def _score(self, row: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = dict.fromkeys(self.writes) | {"flags": row["flags"]}
        if row["audio"] is None:
            return found
        sound = read_sound(row["audio"]["bytes"])
        if self._network:
            from hierbatch.models.evaluation.resemblyzer import similarity

            found["speaker_similarity"] = similarity(self._network.embed(sound), self._prompt(row["voice"]))
        if self._recogniser and row["language"]:
            transcript = self._recogniser.transcribe(sound, row["language"])
            found["asr_text"] = transcript
            if row["text_norm"]:  # rows with phonemes only, and recordings, may have no text to compare with
                found["cer"] = error = character_error_rate(row["text_norm"], _normalize(transcript, row["language"]))
                found["flags"] = [*row["flags"], "misheard"] if is_misheard(error) else row["flags"]
        return found

    def _prompt(self, voice: str) -> SpeakerEmbedding:
        if voice not in self._prompts:
            assert self._network is not None
            self._prompts[voice] = self._network.embed(read_prompt(self._voices, voice))
        return self._prompts[voice]


def _normalize(text: str, language: str) -> str:
    """Spell out numbers and signs, as in `text_norm`."""
    found = find_language(language)
    return found.load_normalizer()(clean_characters(text)) if found else text
