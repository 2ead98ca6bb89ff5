"""Words that may be wrong in the audio, found by comparing their semantic distance with the median of the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.desk.run_view import RunState
from hierbatch.desk.written_words import MIN_RATIO, WrittenWord, written_words
from hierbatch.manifest.take_ids import TAKE_ID_COLUMNS

_MIN_WORDS = 20
"""Number of words of a language that a usual distance requires."""

_TEXT = ("text", "text_norm", "timings", "phonemes", "asr_text", "language", "word_distances")

TakeId = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class _TakeDoubts:
    language: str
    distances: npt.NDArray[np.float32]
    has_others: bool
    """True if a word is doubtful for another reason than its distance."""


@dataclass(frozen=True, slots=True)
class RunDoubts:
    """Usual distances of one snapshot, and its rows with doubtful words."""

    usual: Mapping[str, float] = field(default_factory=dict)
    """Median word distance by language."""
    rows: frozenset[str] = frozenset()
    """Ids of the rows with doubtful words."""

    def ratios(self, take: Mapping[str, Any]) -> list[float]:
        """Distance of each word of a take divided by the usual distance of its language; empty if either is unknown."""
        usual = self.usual.get(take.get("language") or "", 0.0)
        return [distance / usual for distance in take.get("word_distances") or ()] if usual else []


class WordDoubts:
    """Doubts about the words of a run; takes are read once, since they do not change."""

    def __init__(self) -> None:
        self._known: dict[TakeId, _TakeDoubts] = {}
        self._version, self._found = 0, RunDoubts()

    def doubts(self, state: RunState) -> RunDoubts:
        """Doubts about the current takes of a snapshot."""
        if self._version != state.version:
            self._found, self._version = self._read(state), state.version
        return self._found

    def _read(self, state: RunState) -> RunDoubts:
        wanted = {
            (row_id, fact["take_key"], fact["attempt"]): None
            for row_id, fact in state.facts.items()
            if fact["status"] == "ok"
        }
        if new := [take[0] for take in wanted if take not in self._known]:
            names = [name for name in dict.fromkeys((*TAKE_ID_COLUMNS, *_TEXT)) if name in state.takes.schema.names]
            for rows in _batches(state.takes.rows(new, names)):
                self._known |= {(row["id"], row["take_key"], row["attempt"]): _take_doubts(row) for row in rows}
        found = {take: self._known[take] for take in wanted if take in self._known}
        usual = _medians(found.values())
        return RunDoubts(usual, frozenset(take[0] for take, doubts in found.items() if _is_doubtful(doubts, usual)))


def take_written_words(take: Mapping[str, Any], doubts: RunDoubts) -> list[WrittenWord]:
    """Timed words of a take with reasons for doubt; without a take, all times are zero."""
    text = take.get("text") or take.get("text_norm") or ""
    phonemes, transcript = take.get("phonemes") or "", take.get("asr_text") or ""
    return written_words(text, take.get("timings"), phonemes, transcript, doubts.ratios(take))


def _batches(table: pa.Table) -> list[list[dict[str, Any]]]:
    return [batch.to_pylist() for batch in table.to_batches(max_chunksize=1024)]


def _take_doubts(row: Mapping[str, Any]) -> _TakeDoubts:
    words = take_written_words(row, RunDoubts())
    distances = np.array(row.get("word_distances") or (), np.float32)
    return _TakeDoubts(row["language"] or "", distances, any(word.doubt for word in words))


def _medians(takes: Iterable[_TakeDoubts]) -> dict[str, float]:
    by_language: defaultdict[str, list[npt.NDArray[np.float32]]] = defaultdict(list)
    for take in takes:
        by_language[take.language].append(take.distances)
    words = {language: np.concatenate(found) for language, found in by_language.items()}
    return {language: float(np.nanmedian(found)) for language, found in words.items() if len(found) >= _MIN_WORDS}


def _is_doubtful(take: _TakeDoubts, usual: Mapping[str, float]) -> bool:
    limit = MIN_RATIO * usual.get(take.language, float("inf"))
    return take.has_others or bool((take.distances > limit).any())
