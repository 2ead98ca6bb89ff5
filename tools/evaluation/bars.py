"""Bars that a published voice has to reach, and a table of an evaluation against them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.evaluation.conversion_tasks import CONVERTED
from tools.evaluation.evaluation_table import EvaluationTable
from tools.evaluation.evaluation_tasks import ENGLISH, KOREAN, KOREAN_CROSS_LINGUAL, OTHER_MICROPHONES, RECORDED_TEXTS
from tools.evaluation.measures import MEASURES

_KOREAN_GROUPS = (KOREAN, KOREAN_CROSS_LINGUAL)
_SPOKEN_GROUPS = (ENGLISH, *_KOREAN_GROUPS, OTHER_MICROPHONES)
_TITLES = {measure.name: measure.title for measure in MEASURES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Bounds of one measure in some groups of clips; `must` is required, and `aim` is desired."""

    measure: str
    groups: tuple[str, ...]
    kind: Literal["at least", "at most", "within"]
    must: float | tuple[float, float]
    aim: float | None = None

    def is_met(self, value: float) -> bool:
        """True if a value reaches `must`."""
        if isinstance(self.must, tuple):
            return self.must[0] <= value <= self.must[1]
        return value >= self.must if self.kind == "at least" else value <= self.must


BARS = (
    Bar(measure="distillmos", groups=(ENGLISH,), kind="at least", must=3.9, aim=4.2),
    Bar(measure="distillmos", groups=_KOREAN_GROUPS, kind="at least", must=3.45, aim=3.8),
    Bar(measure="dnsmos_ovrl", groups=(*_SPOKEN_GROUPS, CONVERTED), kind="at least", must=3.1, aim=3.2),
    Bar(measure="similarity_resemblyzer", groups=(ENGLISH,), kind="at least", must=0.78, aim=0.85),
    Bar(measure="similarity_resemblyzer", groups=(OTHER_MICROPHONES,), kind="at least", must=0.70, aim=0.76),
    Bar(measure="similarity_resemblyzer", groups=_KOREAN_GROUPS, kind="at least", must=0.74, aim=0.80),
    Bar(measure="word_errors", groups=(ENGLISH,), kind="at most", must=0.03, aim=0.02),
    Bar(measure="character_errors", groups=_KOREAN_GROUPS, kind="at most", must=0.135, aim=0.11),
    Bar(measure="liveliness", groups=(RECORDED_TEXTS,), kind="within", must=(0.9, 1.1)),
    Bar(measure="duration_ratio", groups=(RECORDED_TEXTS,), kind="within", must=(0.9, 1.1)),
    Bar(measure="pause_ratio", groups=(RECORDED_TEXTS,), kind="within", must=(0.9, 1.1)),
    Bar(measure="similarity_gain", groups=(CONVERTED,), kind="at least", must=0.08, aim=0.15),
    Bar(measure="word_errors", groups=(CONVERTED,), kind="at most", must=0.08),
    Bar(measure="cpu_time", groups=(ENGLISH, *_KOREAN_GROUPS), kind="at most", must=0.03),
)


def format_bars(table: EvaluationTable, bars: tuple[Bar, ...] = BARS) -> str:
    """Format a Markdown table with a row per bar and group: the measured value with its interval, and the verdict."""
    cells = {(figure.measure, figure.group): figure.estimate for figure in table.figures}
    lines = [["measure", "clips", "must", "aim", "measured", "met"], ["---"] * 6]
    for bar in bars:
        for group in bar.groups:
            found = cells.get((bar.measure, group))
            measured = "-" if found is None else f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
            met = "-" if found is None else "yes" if bar.is_met(found.value) else "no"
            lines.append([_TITLES[bar.measure], group, _bounds(bar), f"{bar.aim or '-'}", measured, met])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _bounds(bar: Bar) -> str:
    if isinstance(bar.must, tuple):
        return f"{bar.must[0]} to {bar.must[1]}"
    return f"{'≥' if bar.kind == 'at least' else '≤'} {bar.must}"
