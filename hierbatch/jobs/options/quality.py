"""Options for measures of takes, and for the retakes of takes that fail a measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from hierbatch.option import Option, OptionGroup

if TYPE_CHECKING:
    from hierbatch.stages.score_takes import Measures

_AUTO, _NONE = "auto", "none"


@dataclass(frozen=True, kw_only=True)
class MeasureChoice(OptionGroup):
    """Measures of takes in jobs without retakes, in which a new seed would not change the flags of a take."""

    TITLE: ClassVar[str] = "Quality"

    measures: Annotated[str, Option("semantic, speaker, semantic,speaker or none; auto takes all installed.")] = _NONE
    asr_model: Annotated[
        Path | None, Option("Folder of a Whisper model (transformers or CTranslate2) that checks the words.")
    ] = None
    max_retakes: int = 0
    filter: Path | None = None

    @property
    def chosen(self) -> Measures:
        """Chosen measures; `auto` chooses all measures whose packages are installed.

        Raises:
            InputError: the name of a measure is unknown.
        """
        from hierbatch.stages.score_takes import Measures

        if self.measures == _AUTO:
            return Measures.installed(self.asr_model)
        names = [] if self.measures == _NONE else [name.strip() for name in self.measures.split(",")]
        return Measures.from_names(names, self.asr_model)


@dataclass(frozen=True, kw_only=True)
class Quality(MeasureChoice):
    """Measures of synthesized takes, and retakes of takes that fail."""

    max_retakes: Annotated[
        int, Option("Maximum number of retakes, with other seeds, of a flagged row.", minimum=0, maximum=20)
    ] = 1
    filter: Annotated[
        Path | None, Option("TOML rules on columns; a take that they reject is retaken. Default: flagged takes.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class CorpusQuality(Quality):
    """Measures of the takes of a corpus, and rules that also reject rows."""

    measures: Annotated[str, Option("semantic, speaker, semantic,speaker or none; auto takes all installed.")] = _AUTO
    filter: Annotated[Path | None, Option("TOML rules on columns. Default: reject flagged takes.")] = None
