"""Options of a synthetic corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from hierbatch.errors import InputError
from hierbatch.option import Option, OptionGroup

if TYPE_CHECKING:
    from hierbatch.jobs.corpora.corpus_pairs import Spread


@dataclass(frozen=True, kw_only=True)
class CorpusSettings(OptionGroup):
    """Duration, speakers, ranges of speed and pitch, and splits of a corpus."""

    TITLE: ClassVar[str] = "Corpus"

    hours: Annotated[
        float | None, Option("Total duration in hours, balanced over languages and speakers; or pass --rows.")
    ] = None
    rows: Annotated[
        int | None,
        Option("Total number of rows, balanced likewise; with --hours, the limit reached first counts.", minimum=1),
    ] = None
    speakers: Annotated[int | None, Option("Number of speakers to sample from the table. Default: all.", minimum=1)] = (
        None
    )
    cross_lingual: Annotated[bool, Option("Let voices speak languages other than that of their prompt.")] = False
    text_license: Annotated[str | None, Option("License of texts without one in their table.")] = None
    speed: Annotated[str, Option("Range of the scale factor for the speaking rate.")] = "0.9,1.12"
    pitch_semitones: Annotated[str, Option("Range of the transposition, in semitones.")] = "-1.5,1.5"
    prosody: Annotated[str, Option("Range of the scale factor for the pitch variation.")] = "0.8,1.25"
    duration_s: Annotated[str, Option("Minimum and maximum expected sentence duration, in seconds.")] = "1,15"
    split: Annotated[str, Option("Shares of speaker-disjoint splits; none keeps one split.")] = (
        "train=0.9,dev=0.05,test=0.05"
    )
    allow_missing_languages: Annotated[bool, Option("Allow splits without a language that other splits have.")] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hours is None and self.rows is None:
            raise InputError("The corpus has no size", expected="--hours or --rows", fix="pass one of them")
        if self.hours is not None and not 0 < self.hours <= 100_000:
            raise InputError(
                "The duration of the corpus is out of range",
                expected="above 0 hours",
                got=f"{self.hours:g}",
                fix="correct --hours",
            )
        shortest_s, longest_s = self.duration_range_s
        if not 0 <= shortest_s < longest_s:
            raise InputError(
                "The range of sentence durations is invalid",
                expected="0 <= shortest < longest",
                got=f"{shortest_s:g} to {longest_s:g} s",
                fix="correct --duration-s",
            )

    def check(self) -> None:
        """Check the ranges and splits, which would otherwise only be parsed in the middle of the job.

        Raises:
            InputError: a range or the splits are invalid.
        """
        _ = self.spread, self.shares

    @property
    def duration_range_s(self) -> tuple[float, float]:
        """Shortest and longest expected duration of a sentence, in seconds."""
        return _read_range(self.duration_s, "--duration-s")

    @property
    def spread(self) -> Spread:
        """Ranges of speed, pitch and prosody.

        Raises:
            InputError: a range is invalid.
        """
        from hierbatch.jobs.corpora.corpus_pairs import Spread

        return Spread(
            speed=_read_range(self.speed, "--speed"),
            pitch_semitones=_read_range(self.pitch_semitones, "--pitch-semitones"),
            prosody=_read_range(self.prosody, "--prosody"),
        )

    @property
    def shares(self) -> Mapping[str, float]:
        """Share of the speakers in each split.

        Raises:
            InputError: `split` is invalid.
        """
        from hierbatch.manifest.corpora.splits import parse_split

        return parse_split(self.split)


def _read_range(text: str, option: str) -> tuple[float, float]:
    try:
        low, high = (float(number) for number in text.split(","))
    except ValueError:
        raise InputError(
            f"{option} is invalid",
            expected="two numbers, as in 0.9,1.1",
            got=text,
            fix="separate two numbers by a comma",
        ) from None
    return low, high
