"""Options for the division of long recordings into rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from hierbatch.errors import InputError
from hierbatch.option import Option, OptionGroup

if TYPE_CHECKING:  # the command line imports this module, and NumPy only when it works
    from hierbatch.audio.utterances import UtteranceLimits


@dataclass(frozen=True, kw_only=True)
class RowSettings(OptionGroup):
    """Lengths, speakers, transcripts and rules of the rows."""

    TITLE: ClassVar[str] = "Rows"

    min_duration_s: Annotated[float, Option("Shortest row, in seconds.", minimum=0.5, maximum=30.0)] = 2.0
    max_duration_s: Annotated[float, Option("Longest row, in seconds.", minimum=2.0, maximum=60.0)] = 15.0
    segments: Annotated[
        Path | None,
        Option("Folder of segment tables (NAME.rttm, .csv, .srt). Default: next to the files."),
    ] = None
    asr_model: Annotated[
        Path | None, Option("Folder of a Whisper model (transformers or CTranslate2) that writes the transcripts.")
    ] = None
    filter: Annotated[
        Path | None, Option("TOML rules on columns; rejected rows are kept with the reason. Default: built-in rules.")
    ] = None

    @property
    def limits(self) -> UtteranceLimits:
        """Minimum and maximum duration of the rows.

        Raises:
            InputError: the maximum is less than twice the minimum.
        """
        from hierbatch.audio.utterances import UtteranceLimits

        if self.max_duration_s < 2 * self.min_duration_s:
            raise InputError(
                "The limits of the row duration are too close to each other",
                expected="--max-duration-s at least twice --min-duration-s",
                got=f"{self.min_duration_s:g} and {self.max_duration_s:g} s",
                fix="correct one of them",
            )
        return UtteranceLimits(min_duration_s=self.min_duration_s, max_duration_s=self.max_duration_s)
