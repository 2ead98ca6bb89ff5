"""Usual duration ratios of a run: the median of each language and voice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.analysis.histogram import Histogram
from hierbatch.manifest.takes.takes import Takes

_MIN_TAKES = 5
"""Minimum number of takes of a voice in a language; with fewer, the median of the language is used."""

_COLUMNS = ("language", "voice", "status", "duration_ratio")
_MAX_LOG_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class UsualRatios:
    """Median duration ratio by (language, voice); the key (language, "") has the median over all voices."""

    medians: dict[tuple[str, str], float]

    @classmethod
    def measure(cls, takes: Takes) -> Self:
        """Measure the medians in one pass, in memory independent of the number of takes; rare voices get none."""
        if "duration_ratio" not in takes.schema.names:
            return cls({})
        histograms: defaultdict[tuple[str, str], Histogram] = defaultdict(
            lambda: Histogram(-_MAX_LOG_RATIO, _MAX_LOG_RATIO)
        )
        for rows in takes.iter_tables(list(_COLUMNS)):
            ratios = rows.column("duration_ratio").cast(pa.float64()).to_numpy()
            names = _names(rows)
            for language, voice in dict.fromkeys(names):
                is_own = np.array([name == (language, voice) for name in names])
                with np.errstate(divide="ignore", invalid="ignore"):
                    logs = np.log(ratios[is_own])
                histograms[language, voice].push(logs)
                histograms[language, ""].push(logs)
        return cls(
            {
                name: float(np.exp(histogram.quantile(0.5)))
                for name, histogram in histograms.items()
                if histogram.n_values >= (_MIN_TAKES if name[1] else 1)
            }
        )

    def of_takes(self, rows: pa.Table) -> npt.NDArray[np.float64]:
        """Usual duration ratio of each take, by its columns `language` and `voice`; 1 where no median is known."""
        return np.array(
            [self.medians.get(name, self.medians.get((name[0], ""), 1.0)) for name in _names(rows)], np.float64
        )


def _names(rows: pa.Table) -> list[tuple[str, str]]:
    columns = (rows.column(name).fill_null("").to_pylist() for name in ("language", "voice"))
    return list(zip(*columns, strict=True))
