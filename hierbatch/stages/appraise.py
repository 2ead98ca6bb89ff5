"""Takes judged by networks that did not make them: who is heard, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pyarrow as pa

from hierbatch.audio.files import read_sound
from hierbatch.errors import InputError
from hierbatch.frontend.characters import clean_characters
from hierbatch.frontend.edit_distance import character_error
from hierbatch.frontend.normalization.english import normalize_english
from hierbatch.frontend.normalization.korean import normalize_korean
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.stages.judgement import is_misheard
from hierbatch.stages.voices import read_prompt

if TYPE_CHECKING:
    from hierbatch.models.judges.recogniser import Recogniser
    from hierbatch.models.judges.speaker_network import Embedding, SpeakerNetwork

MEASURES = ("semantic", "speaker")
_NORMALIZERS: Mapping[str, Callable[[str], str]] = {"en": normalize_english, "ko": normalize_korean}
_TYPES = {column.name: column.type for column in TAKE_COLUMNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is measured of takes beyond their samples. It changes no sound, so a run may go on with other measures."""

    semantic: bool = False
    """Whether the model's content encoder hears what was to be said."""
    speaker: bool = False
    """Speaker similarity to the prompt, by the optional speaker network."""
    recogniser: Path | None = None
    """Folder of a Whisper model that writes down what it hears."""

    @classmethod
    def named(cls, names: Iterable[str], recogniser: Path | None = None) -> Self:
        """Measures by their names in `MEASURES`; raises InputError for another."""
        wanted = set(names)
        if strange := sorted(wanted - set(MEASURES)):
            raise InputError("There is no such measure", wanted=", ".join(MEASURES), got=", ".join(strange))
        return cls(semantic="semantic" in wanted, speaker="speaker" in wanted, recogniser=recogniser)

    @classmethod
    def of_origin(cls, origin: Mapping[str, str]) -> Self:
        """What `to_origin` wrote down."""
        folder = origin.get("recogniser")
        return cls.named(filter(None, origin.get("measures", "").split(",")), Path(folder) if folder else None)

    def to_origin(self) -> dict[str, str]:
        """As text, for a run's record; nothing where nothing is asked."""
        names = ",".join(name for name in MEASURES if getattr(self, name))
        texts = {"measures": names, "recogniser": str(self.recogniser.resolve()) if self.recogniser else ""}
        return {name: text for name, text in texts.items() if text}

    def check(self) -> None:
        """Load what was asked for once, before a worker does; raises InputError or ProgramError."""
        self.load_speaker_network()
        self.load_recogniser()

    # Imported here: who asks for neither needs no torch.
    def load_speaker_network(self) -> SpeakerNetwork | None:
        """The network, where it was asked for; raises ProgramError."""
        if not self.speaker:
            return None
        from hierbatch.models.judges.speaker_network import SpeakerNetwork

        return SpeakerNetwork.load()

    def load_recogniser(self) -> Recogniser | None:
        """The recogniser, where it was asked for; raises InputError or ProgramError."""
        if self.recogniser is None:
            return None
        from hierbatch.models.judges.recogniser import load_recogniser

        return load_recogniser(self.recogniser)


class Appraise:
    """Fills in the measures of good takes; failed ones pass through as they are."""

    reads: ClassVar[tuple[str, ...]] = ("voice", "lang", "text_norm", "flags", "audio")
    writes: ClassVar[tuple[str, ...]] = ("speaker_similarity", "heard_text", "character_error", "flags")

    def __init__(self, measures: Measures, voices: Path) -> None:
        """`voices` is the run's own table of them, whose prompts the takes are compared with."""
        self._network = measures.load_speaker_network()
        self._recogniser = measures.load_recogniser()
        self._voices = voices
        self._prompts: dict[str, Embedding] = {}

    def __call__(self, rows: pa.Table) -> pa.Table:
        if self._network is None and self._recogniser is None:
            return rows
        judged = [self._judge(row) for row in rows.select(list(self.reads)).to_pylist()]
        for name in self.writes:
            at = rows.schema.get_field_index(name)
            column = pa.array([row[name] for row in judged], _TYPES[name])
            rows = rows.set_column(at, rows.schema.field(at), column)
        return rows

    def _judge(self, row: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = dict.fromkeys(self.writes) | {"flags": row["flags"]}
        if row["audio"] is None:
            return found
        sound = read_sound(row["audio"]["bytes"])
        if self._network:
            from hierbatch.models.judges.speaker_network import similarity

            found["speaker_similarity"] = similarity(self._network.embed(sound), self._prompt(row["voice"]))
        if self._recogniser and row["lang"]:
            heard = self._recogniser.transcribe(sound, row["lang"])
            found["heard_text"] = heard
            if row["text_norm"]:  # rows that brought phonemes, and recordings, may have no text to compare with
                found["character_error"] = error = character_error(row["text_norm"], _as_words(heard, row["lang"]))
                found["flags"] = [*row["flags"], "misheard"] if is_misheard(error) else row["flags"]
        return found

    def _prompt(self, voice: str) -> Embedding:
        if voice not in self._prompts:
            assert self._network is not None
            self._prompts[voice] = self._network.embed(read_prompt(self._voices, voice))
        return self._prompts[voice]


def _as_words(text: str, language: str) -> str:
    """Figures and signs written out, as in `text_norm`."""
    normalize = _NORMALIZERS.get(language)
    return normalize(clean_characters(text)) if normalize else text
