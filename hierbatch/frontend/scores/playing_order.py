"""Order in which the measures of a part are played: repeats, and first and second endings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from hierbatch.errors import TextError

MAX_MEASURES = 20_000
_MAX_PASSES = 20


@dataclass(frozen=True, slots=True)
class RepeatMarks:
    """Repeat marks of one measure."""

    starts_repeat: bool = False
    n_passes: int = 1
    """Above 1 where a repeat ends."""
    endings: frozenset[int] = frozenset()
    """Passes for which an ending starts here; empty where none starts."""
    stops_ending: bool = False

    @classmethod
    def from_xml(cls, measure: etree._Element) -> RepeatMarks:
        """Read the repeat marks from the bar lines of a measure."""
        starts_repeat, n_passes, endings, stops = False, 1, frozenset[int](), False
        for barline in measure.findall("barline"):
            repeat, ending = barline.find("repeat"), barline.find("ending")
            if repeat is not None and repeat.get("direction") == "forward":
                starts_repeat = True
            elif repeat is not None:
                times = repeat.get("times", "2")
                n_passes = min(_MAX_PASSES, max(2, _number(times) or 2))
            if ending is not None and ending.get("type") == "start":
                numbers = ending.get("number", "").replace(",", " ").replace(".", " ").split()
                endings = frozenset(_number(number) for number in numbers[:_MAX_PASSES]) - {0}
            elif ending is not None:
                stops = True
        return cls(starts_repeat, n_passes, endings, stops)


def _number(written: str) -> int:
    """Number of a pass; 0 if the text is not such a number."""
    return int(written) if written.isdecimal() and len(written) < 4 else 0


def playing_order(measures: Sequence[RepeatMarks]) -> list[tuple[int, int]]:
    """Index and pass number of each measure in the order of playing; passes count from 1.

    Raises:
        TextError: the repeats make a piece of more than 20,000 measures.
    """
    endings = _ending_of(measures)
    played: list[tuple[int, int]] = []
    start, index, pass_number = 0, 0, 1
    while index < len(measures):
        measure, ending = measures[index], endings[index]
        if measure.starts_repeat and index != start:
            start, pass_number = index, 1
        if not ending or pass_number in ending:
            played.append((index, pass_number))
            # A repeat sign inside a first ending sends back as often as later endings are numbered.
            passes = max(measure.n_passes, max(ending) + 1 if ending and measure.n_passes > 1 else 1)
            if measure.n_passes > 1 and pass_number < passes:
                index, pass_number = start, pass_number + 1
                continue
            if measure.n_passes > 1:
                start, pass_number = index + 1, 1
        if len(played) > MAX_MEASURES:
            raise TextError(
                "The repeats of the score make it too long", expected=f"at most {MAX_MEASURES:,} measures",
                fix="write the repeats out, or shorten the score",
            )  # fmt: skip
        index += 1
    return played


def _ending_of(measures: Sequence[RepeatMarks]) -> list[frozenset[int]]:
    """Passes in which each measure is played; an empty set means all passes."""
    found: list[frozenset[int]] = []
    current: frozenset[int] = frozenset()
    for measure in measures:
        current = measure.endings or current
        found.append(current)
        if measure.stops_ending or (current and measure.n_passes > 1):
            current = frozenset()
    return found
