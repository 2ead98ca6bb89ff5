"""Choice of the rows of every batch, as a function of seed and step alone.

An epoch has about as many rows as the data set. With weights, each utterance occurs its expected number of times per
epoch, rounded up or down; without weights it occurs once. The plan has no state, so a run can be resumed at any step
and divided among any number of processes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

_BUCKET_BATCHES = 32
"""Number of batches whose rows are sorted together by length."""


class BatchPlan:
    """Order of the utterances of a data set in training."""

    def __init__(
        self,
        n_frames: Sequence[int],
        batch_rows: int,
        seed: int,
        *,
        weights: npt.NDArray[np.float64] | None = None,
        is_bucketed: bool = False,
    ) -> None:
        """Plan batches of a data set.

        Args:
            n_frames: length of each utterance in frames.
            batch_rows: number of rows in a batch, over all processes.
            seed: seed of the order.
            weights: expected share of each utterance; None for equal shares.
            is_bucketed: True to put utterances of similar length into one batch, which needs less padding.
        """
        self._n_frames = np.asarray(n_frames)
        self._batch_rows, self._seed, self._weights, self._is_bucketed = batch_rows, seed, weights, is_bucketed
        self.steps_per_epoch = max(1, len(self._n_frames) // batch_rows)
        self._epoch = lru_cache(maxsize=2)(self._plan_epoch)

    def rows(self, step: int) -> Indices:
        """Indices of the utterances in the batch of a step. Shape: [batch_rows]."""
        epoch, position = divmod(step, self.steps_per_epoch)
        result: Indices = self._epoch(epoch)[position]
        return result

    def _plan_epoch(self, epoch: int) -> Indices:
        """Indices of the utterances in all batches of an epoch. Shape: [steps_per_epoch, batch_rows]."""
        random = np.random.Generator(np.random.Philox(np.random.SeedSequence([self._seed, epoch])))
        n_needed = self.steps_per_epoch * self._batch_rows
        drawn: Indices = np.concatenate(
            [self._draw(random) for _ in range(-(-n_needed // len(self._n_frames)))]
        )  # fmt: skip
        drawn = drawn[:n_needed]
        if self._is_bucketed:
            drawn = self._bucket(drawn, random)
        return drawn.reshape(self.steps_per_epoch, self._batch_rows)

    def _draw(self, random: np.random.Generator) -> Indices:
        """Draw as many utterances as the data set has, by weight if there are weights, in random order."""
        n = len(self._n_frames)
        if self._weights is None:
            return random.permutation(n)
        # Systematic sampling: equidistant points on the cumulative weights.
        edges = np.cumsum(self._weights / self._weights.sum()) * n
        drawn = np.searchsorted(edges, np.arange(n) + random.random(), side="right")
        return random.permutation(np.minimum(drawn, n - 1))

    def _bucket(self, drawn: Indices, random: np.random.Generator) -> Indices:
        """Sort the rows by length within groups of consecutive batches, then shuffle all batches."""
        size = self._batch_rows * _BUCKET_BATCHES
        groups = [drawn[start : start + size] for start in range(0, len(drawn), size)]
        ordered = np.concatenate([group[np.argsort(self._n_frames[group], kind="stable")] for group in groups])
        batches = ordered.reshape(-1, self._batch_rows)
        return batches[random.permutation(len(batches))].reshape(-1)


def speaker_weights(speakers: Sequence[str], n_frames: Sequence[int]) -> npt.NDArray[np.float64]:
    """Share of each utterance if every speaker is weighted by the square root of their total duration.

    Args:
        speakers: speaker of each utterance.
        n_frames: length of each utterance in frames.

    Shape:
        returns  [n_utterances]; the sum is 1
    """
    totals: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    for speaker, length in zip(speakers, n_frames, strict=True):
        totals[speaker] += length
        counts[speaker] += 1
    weights = np.array([np.sqrt(totals[speaker]) / counts[speaker] for speaker in speakers])
    result: npt.NDArray[np.float64] = weights / weights.sum()
    return result


def language_weights(
    weights: npt.NDArray[np.float64], languages: Sequence[str], shares: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    """Scale weights so that each language has its share; languages without a share divide the rest.

    Args:
        weights: share of each utterance.
        languages: language of each utterance.
        shares: share of rows by language, at most 1 in total.

    Shape:
        weights  [n_utterances]
        returns  [n_utterances]; the sum is 1
    """
    scaled = weights.copy()
    codes = np.array(languages)
    given = {language: share for language, share in shares.items() if (codes == language).any()}
    rest = ~np.isin(codes, list(given))
    for language, share in given.items():
        scaled[codes == language] *= share / weights[codes == language].sum()
    if rest.any():
        scaled[rest] *= max(0.0, 1 - sum(given.values())) / weights[rest].sum()
    result: npt.NDArray[np.float64] = scaled / scaled.sum()
    return result
