"""Summary of a run, read in chunks.

Apart from the index of best takes, memory does not grow with the number of rows: distributions are histograms, the
worst takes are kept in a heap, and the ordinary takes are a sample.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.analysis.histogram import Histogram
from hierbatch.analysis.outlier_score import outlier_score
from hierbatch.analysis.take_measures import TakeMeasure, measures_of
from hierbatch.analysis.usual_ratios import UsualRatios
from hierbatch.manifest.takes.takes import Takes

_N_WORST, _N_ORDINARY = 64, 64
_NEEDED = ("id", "voice", "language", "status", "error_kind", "error", "flags", "duration_s")


@dataclass(frozen=True, slots=True)
class FailureKind:
    """Number of rows that failed for one reason, with the id and message of the first such row."""

    kind: str
    n_rows: int
    example_id: str
    example: str


@dataclass(frozen=True, slots=True)
class VoiceSummary:
    """Counts, total duration and histograms by column for the takes of one voice."""

    voice: str
    n_ok: int
    n_failed: int
    n_flagged: int
    sound_s: float
    histograms: Mapping[str, Histogram]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """Counts and distributions of a run; `voices` and `failures` are sorted by frequency."""

    n_rows: int
    n_ok: int
    n_failed: int
    sound_s: float
    languages: Mapping[str, int]
    failures: tuple[FailureKind, ...]
    flags: Mapping[str, int]
    voices: tuple[VoiceSummary, ...]
    measures: Mapping[str, TakeMeasure]
    """Measures of the run by column."""
    histograms: Mapping[str, Histogram]
    """Histogram of each column that has values, over all voices."""
    worst_ids: tuple[str, ...]
    """Successful rows with the highest outlier scores, highest first; each has a flag or an unusual measure."""
    ordinary_ids: tuple[str, ...]
    """A random sample of the successful rows, reproducible for the same rows."""

    @property
    def n_missing(self) -> int:
        """Number of requested rows without a take."""
        return self.n_rows - self.n_ok - self.n_failed

    @property
    def n_flagged(self) -> int:
        """Number of successful takes with at least one flag."""
        return sum(voice.n_flagged for voice in self.voices)


def summarize(takes: Takes) -> RunSummary:
    """Summarize a run in two passes: the first finds the usual duration ratios, the second counts everything else.

    Raises:
        RunError: a file of the run is damaged.
    """
    measures = measures_of(takes.schema)
    accumulator = _Accumulator(measures, UsualRatios.measure(takes))
    for chunk in takes.iter_tables(list(dict.fromkeys([*_NEEDED, *(measure.column for measure in measures)]))):
        accumulator.push(chunk)
    return accumulator.summary(takes.n_rows)


class _Accumulator:
    """Counters of a run, updated chunk by chunk."""

    def __init__(self, measures: Sequence[TakeMeasure], usual_ratios: UsualRatios) -> None:
        self._measures = measures
        self._usual_ratios = usual_ratios
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._sound_s: defaultdict[str, float] = defaultdict(float)
        self._examples: dict[str, tuple[str, str]] = {}
        self._histograms: dict[str, dict[str, Histogram]] = {}
        self._worst: list[tuple[float, str]] = []
        self._ordinary: list[tuple[float, str]] = []
        self._random = np.random.default_rng(0)

    def push(self, chunk: pa.Table) -> None:
        """Add the rows of a chunk."""
        is_ok = pc.equal(chunk.column("status"), "ok")
        self._count_failures(chunk.filter(pc.invert(is_ok)))
        spoken = chunk.filter(is_ok)
        self._counts["language"].update(spoken.column("language").to_pylist())
        self._counts["flag"].update(pc.list_flatten(spoken.column("flags")).to_pylist())
        values = {measure.column: _numbers(spoken, measure.column) for measure in self._measures}
        voices = np.array(spoken.column("voice").fill_null("").to_pylist(), dtype=object)
        is_flagged = np.array(pc.fill_null(pc.list_value_length(spoken.column("flags")), 0)) > 0
        for voice in dict.fromkeys(voices):
            of_voice = voices == voice
            self._counts["ok"][voice] += int(of_voice.sum())
            self._counts["flagged"][voice] += int(is_flagged[of_voice].sum())
            self._sound_s[voice] += float(np.nansum(values["duration_s"][of_voice]))
            histograms = self._histograms.setdefault(voice, _histograms(self._measures))
            for name, histogram in histograms.items():
                histogram.push(values[name][of_voice])
        self._keep_examples(spoken, values)

    def summary(self, n_rows: int) -> RunSummary:
        """Summary of all rows added so far."""
        n_by_voice = self._counts["ok"] + self._counts["failed"]
        return RunSummary(
            n_rows=n_rows,
            n_ok=self._counts["ok"].total(),
            n_failed=self._counts["failed"].total(),
            sound_s=float(sum(self._sound_s.values())),
            languages=dict(self._counts["language"].most_common()),
            failures=tuple(
                FailureKind(kind, n, *self._examples[kind]) for kind, n in self._counts["kind"].most_common()
            ),
            flags=dict(self._counts["flag"].most_common()),
            voices=tuple(self._voice(name) for name, _ in n_by_voice.most_common()),
            measures={measure.column: measure for measure in self._measures},
            histograms=_filled(self._all_voices()),
            worst_ids=tuple(row_id for _, row_id in sorted(self._worst, reverse=True)),
            ordinary_ids=tuple(row_id for _, row_id in sorted(self._ordinary)),
        )

    def _count_failures(self, failed: pa.Table) -> None:
        self._counts["failed"].update(failed.column("voice").fill_null("").to_pylist())
        for kind, row_id, error in zip(
            *(failed.column(n).to_pylist() for n in ("error_kind", "id", "error")), strict=True
        ):
            self._counts["kind"][kind or "unknown"] += 1
            self._examples.setdefault(kind or "unknown", (row_id, error or ""))

    def _keep_examples(self, spoken: pa.Table, values: Mapping[str, npt.NDArray[np.float64]]) -> None:
        """Keep the takes with the highest outlier scores, and a uniform sample (the smallest random numbers)."""
        ids = spoken.column("id").to_pylist()
        n_flags = np.array(pc.fill_null(pc.list_value_length(spoken.column("flags")), 0))
        scores = outlier_score(values, n_flags, self._usual_ratios.of_takes(spoken))
        suspicious = [(float(s), name) for s, name in zip(scores, ids, strict=True) if s > 0]
        self._worst = heapq.nlargest(_N_WORST, [*self._worst, *suspicious])
        drawn = zip(self._random.random(len(ids)).tolist(), ids, strict=True)
        self._ordinary = heapq.nsmallest(_N_ORDINARY, [*self._ordinary, *drawn])

    def _voice(self, name: str) -> VoiceSummary:
        return VoiceSummary(
            voice=name,
            n_ok=self._counts["ok"][name],
            n_failed=self._counts["failed"][name],
            n_flagged=self._counts["flagged"][name],
            sound_s=float(self._sound_s[name]),
            histograms=_filled(self._histograms.get(name, {})),
        )

    def _all_voices(self) -> dict[str, Histogram]:
        merged = _histograms(self._measures)
        for histograms in self._histograms.values():
            for name, histogram in histograms.items():
                merged[name].counts += histogram.counts
        return merged


def _histograms(measures: Sequence[TakeMeasure]) -> dict[str, Histogram]:
    return {measure.column: Histogram(measure.low, measure.high) for measure in measures}


def _filled(histograms: Mapping[str, Histogram]) -> dict[str, Histogram]:
    return {name: histogram for name, histogram in histograms.items() if histogram.n_values}


def _numbers(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    result: npt.NDArray[np.float64] = table.column(name).cast(pa.float64()).to_numpy()
    return result
