"""Words that may be wrong in the audio, found by comparing their semantic distance with the median of the run."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hierbatch.desk.run_view import RunState
from hierbatch.desk.written_words import MIN_RATIO, WrittenWord, written_words
from hierbatch.errors import HierbatchError
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS

_MIN_WORDS = 20
"""Minimum number of words of a language for the median of their distances to be used."""

_MAX_AT_ONCE = 1000
"""Number of takes that are read while a page waits, some 0.2 s."""

_TEXT = ("text", "text_norm", "timings", "phonemes", "asr_text", "language", "word_distances")

TakeId = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class _TakeDoubts:
    language: str
    distances: npt.NDArray[np.float32]
    has_others: bool
    """True if a word is doubtful for a reason other than its distance."""


@dataclass(frozen=True, slots=True)
class RunDoubts:
    """Usual semantic distances of words in one snapshot, and the rows with doubtful words."""

    usual: Mapping[str, float] = field(default_factory=dict)
    """Median word distance by language."""
    rows: frozenset[str] = frozenset()
    """Ids of the rows with doubtful words."""

    def ratios(self, take: Mapping[str, Any]) -> list[float]:
        """Distance of each word of a take divided by the usual distance of its language; empty if either is unknown."""
        usual = self.usual.get(take.get("language") or "", 0.0)
        return [distance / usual for distance in take.get("word_distances") or ()] if usual else []


class WordDoubts:
    """Detector of doubtful words in a run; each take is read only once, since takes do not change.

    A thread reads large numbers of takes, so that a page of a long book does not wait for them.
    """

    def __init__(self, on_read: Callable[[], None] = lambda: None) -> None:
        """Create the detector.

        Args:
            on_read: function that is called when the thread has read takes, which `doubts` then includes.
        """
        self._known: dict[TakeId, _TakeDoubts] = {}
        self._version, self._found = 0, RunDoubts()
        self._on_read = on_read
        self._thread: threading.Thread | None = None

    def doubts(self, state: RunState) -> RunDoubts:
        """Doubts about the current takes of a snapshot, or, while many takes are being read, those known so far."""
        if self._version == state.version:
            return self._found
        wanted = _good_takes(state)
        new = [take[0] for take in wanted if take not in self._known]
        if len(new) > _MAX_AT_ONCE:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._follow, args=(state, new), name="doubts", daemon=True)
                self._thread.start()
            return self._found
        self._read(state, new)
        self._found, self._version = self._summarize(wanted), state.version
        return self._found

    def _follow(self, state: RunState, new: Sequence[str]) -> None:
        with suppress(HierbatchError, OSError):  # a compacted part: the next snapshot has its rows elsewhere
            self._read(state, new)
        self._on_read()

    def _read(self, state: RunState, new: Sequence[str]) -> None:
        names = [name for name in dict.fromkeys((*TAKE_ID_COLUMNS, *_TEXT)) if name in state.takes.schema.names]
        for first in range(0, len(new), _MAX_AT_ONCE):
            rows = state.takes.rows(new[first : first + _MAX_AT_ONCE], names).to_pylist()
            self._known |= {(row["id"], row["take_key"], row["attempt"]): _take_doubts(row) for row in rows}

    def _summarize(self, wanted: Iterable[TakeId]) -> RunDoubts:
        found = {take: self._known[take] for take in wanted if take in self._known}
        usual = _medians(found.values())
        return RunDoubts(usual, frozenset(take[0] for take, doubts in found.items() if _is_doubtful(doubts, usual)))


def take_written_words(take: Mapping[str, Any], doubts: RunDoubts) -> list[WrittenWord]:
    """Timed words of a take or of a row without a take, with reasons for doubt; without timings, all times are zero."""
    text = take.get("text") or take.get("text_norm") or ""
    phonemes, transcript = take.get("phonemes") or "", take.get("asr_text") or ""
    return written_words(text, take.get("timings"), phonemes, transcript, doubts.ratios(take))


def _good_takes(state: RunState) -> list[TakeId]:
    return [
        (row_id, fact["take_key"], fact["attempt"]) for row_id, fact in state.facts.items() if fact["status"] == "ok"
    ]


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
