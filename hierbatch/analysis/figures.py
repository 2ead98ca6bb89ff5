"""Plots of a run's summary: durations, loudness, pitch by voice, failures, flags, and a comparison of two runs.

A function returns None in place of a `Picture` if the run lacks the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hierbatch.analysis.histogram import Histogram
from hierbatch.analysis.pictures import (
    BLUE,
    GREEN,
    INK,
    PURPLE,
    VERMILION,
    Picture,
    blank_figure,
    styled,
    whole_numbers,
)
from hierbatch.analysis.similarity import SimilarityMatrix
from hierbatch.analysis.summary import RunSummary, VoiceSummary
from hierbatch.analysis.take_measures import TakeMeasure, format_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hierbatch.analysis.comparison import RunComparison

_MAX_VOICES = 24
_MAX_BARS = 12
_MAX_POINTS = 5000
_LIMITS = {"duration_ratio": (0.4, 2.5), "snr_db": (15.0, None)}
"""Lower and upper limit of some measures (None: no limit), drawn as lines; takes outside are flagged or outliers."""


def distribution(summary: RunSummary, column: str) -> Picture | None:
    """Histogram of a measure over all successful rows, with its median and the limits for outliers."""
    histogram = summary.histograms.get(column)
    if histogram is None:
        return None
    measure = summary.measures[column]
    figure, axes = blank_figure()
    edges, counts = histogram.bars()
    with styled():
        axes.stairs(counts, edges, fill=True, color=BLUE)
        axes.axvline(histogram.quantile(0.5), color=VERMILION, linewidth=1.5)
        for limit in _LIMITS.get(column, ()):
            if limit is not None and edges[0] < limit < edges[-1]:
                axes.axvline(limit, color=INK, linewidth=1, linestyle=":")
        axes.set(xlabel=measure.axis, ylabel="takes", title=measure.title)
        axes.grid(axis="x", visible=False)
        axes.yaxis.set_major_locator(whole_numbers())
    return Picture(measure.title, _distribution_caption(histogram, measure), figure)


def durations(summary: RunSummary) -> Picture | None:
    """Histogram of take durations."""
    return distribution(summary, "duration_s")


def loudness(summary: RunSummary) -> Picture | None:
    """Histogram of take loudness before mastering."""
    return distribution(summary, "loudness_lufs")


def by_voice(summary: RunSummary, column: str) -> Picture | None:
    """Box plot of a measure per voice: median, interquartile range, and 5th to 95th percentile."""
    voices = [voice for voice in summary.voices if column in voice.histograms][:_MAX_VOICES]
    if not voices:
        return None
    measure = summary.measures[column]
    voices.sort(key=lambda voice: voice.histograms[column].quantile(0.5))
    figure, axes = blank_figure(1.1 + 0.28 * len(voices))
    with styled():
        for position, voice in enumerate(voices):
            low, first, middle, third, high = (
                voice.histograms[column].quantile(q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)
            )
            axes.plot([low, high], [position, position], color=BLUE, linewidth=1.5)
            axes.barh(position, third - first, left=first, height=0.55, color=BLUE)
            axes.plot([middle, middle], [position - 0.38, position + 0.38], color=VERMILION, linewidth=2)
        axes.set(xlabel=measure.axis, title=f"{measure.title} by voice", ylim=(-0.7, len(voices) - 0.3))
        axes.set_yticks(range(len(voices)), [voice.voice or "(none)" for voice in voices])
        axes.grid(axis="y", visible=False)
    lowest, highest = voices[0], voices[-1]
    caption = (
        f"Bars span the middle 50 % of a voice's takes, thin lines the middle 90 %; marks are medians, "
        f"from {_median(lowest, measure)} ({lowest.voice}) to {_median(highest, measure)} ({highest.voice})."
    )
    if len(summary.voices) > len(voices):
        caption += f" Shown are the {len(voices)} voices with the most rows, of {len(summary.voices)}."
    return Picture(f"{measure.title} by voice", caption, figure)


def f0_by_voice(summary: RunSummary) -> Picture | None:
    """Box plot of the median F0 per voice."""
    return by_voice(summary, "f0_median_hz")


def failures(summary: RunSummary) -> Picture | None:
    """Bar chart of the number of failed rows by reason."""
    counts = {failure.kind: failure.n_rows for failure in summary.failures}
    return _counts("Failures by reason", "rows that failed", counts, VERMILION, summary.n_rows)


def flags(summary: RunSummary) -> Picture | None:
    """Bar chart of the number of takes by flag."""
    return _counts("Flags", "takes with this flag", summary.flags, PURPLE, summary.n_ok)


def similarity(matrix: SimilarityMatrix) -> Picture:
    """Heat map of the similarity of each voice's takes to every prompt; the diagonal should be highest."""
    n_voices = len(matrix.voices)
    figure, axes = blank_figure(min(1.6 + 0.34 * n_voices, 7.5))
    with styled():
        image = axes.imshow(matrix.values, cmap="cividis", aspect="auto")
        axes.set(title="Similarity of takes and prompts", xlabel="prompt", ylabel="takes of")
        axes.set_xticks(range(n_voices), matrix.voices, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(n_voices), matrix.voices)
        axes.grid(visible=False)
        if n_voices <= 12:
            _write_cells(axes, matrix.values)
        figure.colorbar(image, ax=axes, label="cosine")
    own = np.diag(matrix.values)
    others = matrix.values[~np.eye(n_voices, dtype=bool)]
    caption = f"Mean cosine of takes and prompts by {matrix.network}. Own prompt: {own.mean():.2f}"
    caption += f"; others: {others.mean():.2f}. " if n_voices > 1 else ". "
    caption += f"{matrix.n_nearest_own} of {n_voices} voices are nearest to their own prompt."
    return Picture("Similarity of takes and prompts", caption, figure)


def change(comparison: RunComparison, column: str) -> Picture | None:
    """Scatter plot of a measure in run b against run a; unchanged rows are on the dotted line."""
    measure = next((measure for measure in comparison.measures if measure.column == column), None)
    if measure is None:
        return None
    pairs = comparison.table[[f"{column}_a", f"{column}_b"]].dropna().head(_MAX_POINTS)
    if pairs.empty:
        return None
    a, b = pairs[f"{column}_a"].to_numpy(float), pairs[f"{column}_b"].to_numpy(float)
    low, high = min(a.min(), b.min()), max(a.max(), b.max())
    figure, axes = blank_figure(3.4)
    with styled():
        axes.plot([low, high], [low, high], color=INK, linewidth=1, linestyle=":")
        axes.plot(a, b, "o", color=GREEN, markersize=5, alpha=0.75, markeredgewidth=0)
        axes.set(xlabel=f"{measure.axis}, run a", ylabel="run b", title=f"{measure.title}: a against b")
    caption = f"Of {len(a)} rows in both runs the median changes by {format_value(measure, float(np.median(b - a)))}."
    return Picture(f"{measure.title}: a against b", caption, figure)


def pictures_of(summary: RunSummary, matrix: SimilarityMatrix | None = None) -> tuple[Picture, ...]:
    """All plots of a report in order; those without data are left out."""
    plots = [failures(summary), flags(summary), durations(summary), distribution(summary, "duration_ratio")]
    plots += [loudness(summary), f0_by_voice(summary), distribution(summary, "snr_db")]
    plots += [by_voice(summary, "speaker_similarity"), distribution(summary, "semantic_distance")]
    plots.append(similarity(matrix) if matrix else None)
    return tuple(picture for picture in plots if picture is not None)


def _counts(title: str, axis: str, counts: Mapping[str, int], colour: str, n_all: int) -> Picture | None:
    """Bar chart of the first names in `counts`, which is sorted by count; `n_all` is the total in the caption."""
    if not counts:
        return None
    most = list(counts.items())[:_MAX_BARS][::-1]
    figure, axes = blank_figure(1.0 + 0.3 * len(most))
    with styled():
        bars = axes.barh([name for name, _ in most], [n for _, n in most], color=colour, height=0.6)
        axes.bar_label(bars, fmt="{:,.0f}", padding=3)
        axes.set(xlabel=axis, title=title)
        axes.margins(x=0.15)
        axes.grid(axis="y", visible=False)
        axes.xaxis.set_major_locator(whole_numbers())
    listed = ", ".join(f"{name} {n:,}" for name, n in reversed(most))
    return Picture(title, f"Of {n_all:,}: {listed}.", figure)


def _distribution_caption(histogram: Histogram, measure: TakeMeasure) -> str:
    low, middle, high = (format_value(measure, histogram.quantile(share)) for share in (0.05, 0.5, 0.95))
    return f"{histogram.n_values:,} takes; median {middle}, 5th to 95th percentile {low} to {high}."


def _median(voice: VoiceSummary, measure: TakeMeasure) -> str:
    return format_value(measure, voice.histograms[measure.column].quantile(0.5))


def _write_cells(axes: Axes, values: np.ndarray) -> None:
    middle = (values.min() + values.max()) / 2
    rows: Sequence[Sequence[float]] = values.tolist()
    for row, line in enumerate(rows):
        for column, value in enumerate(line):
            colour = "black" if value > middle else "white"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=8.5)
