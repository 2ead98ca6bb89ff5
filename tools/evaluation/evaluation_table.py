"""Evaluation table: a row per measure, a column per group of clips, each value with its confidence interval."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tools.evaluation.bootstrap import BootstrapEstimate, estimate_ratio
from tools.evaluation.measures import MEASURES, Measure, Score

_ARROWS = {"lower": " ↓", "higher": " ↑", "as recorded": ""}


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell of the table."""

    measure: str
    group: str
    estimate: BootstrapEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationTable:
    """Values of an evaluation and their provenance."""

    set_name: str
    model: str
    fingerprint: str
    kit: str
    limit: int | None
    groups: tuple[str, ...]
    figures: tuple[Figure, ...]

    def to_json(self) -> str:
        """Serialize to JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> EvaluationTable:
        """Parse the output of `to_json`."""
        values: dict[str, Any] = json.loads(text)
        figures = [Figure(f["measure"], f["group"], BootstrapEstimate(**f["estimate"])) for f in values.pop("figures")]
        return cls(**values | {"groups": tuple(values["groups"]), "figures": tuple(figures)})

    def to_markdown(self) -> str:
        """Format as a Markdown table; measures without any value are left out."""
        cells = {(figure.measure, figure.group): figure.estimate for figure in self.figures}
        lines = [["measure", *self.groups], ["---"] * (len(self.groups) + 1)]
        for measure in MEASURES:
            row = [cells.get((measure.name, group)) for group in self.groups]
            if any(row):
                lines.append([measure.title + _ARROWS[measure.better], *(_cell(estimate, measure) for estimate in row)])
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{self._source()}\n"

    def _source(self) -> str:
        """Caption with set, model and kit."""
        limited = f", the first {self.limit} of each group only" if self.limit else ""
        return (
            f"Set `{self.set_name}`{limited}; model {self.model} `{self.fingerprint[:12]}`; kit `{self.kit}`. "
            "In brackets: 95 % percentile bootstrap over clips. An arrow points to what is better."
        )


def tabulate(scores: Mapping[str, Sequence[Iterable[Score]]]) -> tuple[Figure, ...]:
    """Aggregate the scores of each group's clips into table cells."""
    figures = []
    for group, clips in scores.items():
        for measure in MEASURES:
            found = [score for clip in clips for score in clip if score.measure == measure.name]
            if found:
                estimate = estimate_ratio([s.numerator for s in found], [s.denominator for s in found])
                figures.append(Figure(measure.name, group, estimate))
    return tuple(figures)


def _cell(estimate: BootstrapEstimate | None, measure: Measure) -> str:
    if estimate is None:
        return "-"
    if measure.is_share:
        return f"{100 * estimate.value:.1f} % [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"
    value, low, high = (f"{x:.{measure.n_decimals}f}" for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]"
