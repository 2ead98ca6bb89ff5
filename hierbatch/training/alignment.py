"""Forced alignment of phonemes to frames, trained from transcripts and semantic vectors alone.

A flat-start monophone model per language: each phone is one Gaussian over semantic vectors with a shared diagonal
variance; separators and START share an optional silence of zero or more frames. Viterbi alignment and re-estimation
alternate (Rabiner 1989, section V). A small classifier of three neighboring frames, trained on the Gaussian alignment,
then replaces the Gaussians and sharpens the boundaries. The durations are those of hierbatch's phoneme symbols,
whatever the symbols of the corpus.

Legend: T frames, N symbols, C channels, P phones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

from hierbatch.frontend.symbols import SEPARATORS, START, SYMBOL_IDS, SYMBOLS

_SILENT = frozenset(SYMBOL_IDS[symbol] for symbol in (START, *SEPARATORS))
_SILENCE = SYMBOL_IDS[START]
_BLOCK = 48
_LOG_ZERO = -1e30
_VARIANCE_FLOOR = 0.05
_SILENCE_PERCENTILE = 12.0

Vectors = npt.NDArray[np.float32]
Durations = tuple[int, ...]
"""Duration of each symbol of an utterance, in frames."""


@dataclass(frozen=True, slots=True)
class UnalignedUtterance:
    """Semantic vectors and symbols of an utterance to align.

    Shape:
        vectors  [T, C]  semantic vectors; one channel is the loudness of the frame
        symbols  [N]     symbol ids, START first
    """

    vectors: Vectors
    symbols: tuple[int, ...]


class FrameScorer(Protocol):
    """Protocol for an acoustic model of the phones, which scores every phone in every frame."""

    def scores(self, vectors: Vectors) -> Vectors:
        """Score of each phone in each frame, comparable between the phones of a frame. Shape: [T, C] -> [T, P]."""
        ...


@dataclass(slots=True)
class PhoneModel:
    """Diagonal Gaussians of one language's phones with a shared variance. Shape: means [P, C], variances [C]."""

    means: Vectors
    variances: Vectors

    def scores(self, vectors: Vectors) -> Vectors:
        """Log likelihood of each frame under each phone, up to a constant per frame. Shape: [T, C] -> [T, P]."""
        precision = 1.0 / self.variances
        cross = (vectors * precision) @ self.means.T
        return np.asarray(cross - 0.5 * ((self.means**2) @ precision)[None], dtype=np.float32)


class FrameClassifier:
    """Classifier of a frame's phone from three frames, with one hidden layer; score: log posterior - 1/2 log prior."""

    def __init__(self, n_channels: int, priors: Vectors, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self._network = nn.Sequential(nn.Linear(3 * n_channels, 256), nn.GELU(), nn.Linear(256, len(priors)))
        for parameter in self._network.parameters():
            if parameter.ndim == 2:
                nn.init.kaiming_normal_(parameter, generator=generator)
        self._log_priors = torch.log(torch.from_numpy(priors) + 1e-5)

    def fit(self, vectors: Vectors, labels: npt.NDArray[np.int64], n_epochs: int = 3) -> None:
        """Fit to the phone labels of all frames. Shape: vectors [T, C] of all utterances concatenated, labels [T]."""
        x = torch.from_numpy(_with_context(vectors))
        y = torch.from_numpy(labels)
        optimizer = torch.optim.AdamW(self._network.parameters(), lr=2e-3)
        generator = torch.Generator().manual_seed(0)
        for _ in range(n_epochs):
            for rows in torch.randperm(len(x), generator=generator).split(1024):
                loss = F.cross_entropy(self._network(x[rows]), y[rows], label_smoothing=0.1)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    @torch.no_grad()
    def scores(self, vectors: Vectors) -> Vectors:
        """Score of each phone in each frame: log posterior - 1/2 log prior. Shape: [T, C] -> [T, P]."""
        logits = self._network(torch.from_numpy(_with_context(vectors)))
        scores: Vectors = (F.log_softmax(logits, -1) - 0.5 * self._log_priors).numpy()
        return scores


def _with_context(vectors: Vectors) -> Vectors:
    """Concatenate each frame with its two neighbors. Shape: [T, C] -> [T, 3 C]."""
    padded = np.pad(vectors, ((1, 1), (0, 0)), mode="edge")
    return np.concatenate([padded[:-2], vectors, padded[2:]], axis=1)


def align(
    utterances: Sequence[UnalignedUtterance], loudness_channel: int, n_passes: int = 5, n_refinements: int = 2
) -> list[Durations]:
    """Align utterances; return each one's symbol durations in frames, which sum to the utterance's length.

    Args:
        utterances: utterances of one language, each with at least as many frames as phones.
        loudness_channel: index of the channel that holds the loudness; used only to initialize silence.
        n_passes: number of alignments with Gaussians, each followed by re-estimation.
        n_refinements: number of further alignments, each with a newly trained frame classifier.
    """
    model = _flat_start(utterances, loudness_channel)
    durations: list[Durations] = []
    for _ in range(n_passes):
        durations = _align_once(utterances, model)
        model = _estimate(utterances, durations, model)
    for _ in range(n_refinements):
        durations = _align_once(utterances, _train_classifier(utterances, durations))
    return durations


def _train_classifier(utterances: Sequence[UnalignedUtterance], durations: Sequence[Durations]) -> FrameClassifier:
    vectors = np.concatenate([utterance.vectors for utterance in utterances])
    pairs = zip(utterances, durations, strict=True)
    labels = np.concatenate([np.repeat(merge_silence(utterance.symbols), row) for utterance, row in pairs])
    priors = (np.bincount(labels, minlength=len(SYMBOLS)) / len(labels)).astype(np.float32)
    classifier = FrameClassifier(vectors.shape[1], priors)
    classifier.fit(vectors, labels)
    return classifier


def merge_silence(symbols: Sequence[int]) -> list[int]:
    """Phone id of each symbol; START and all separators have the id of silence."""
    return [_SILENCE if symbol in _SILENT else symbol for symbol in symbols]


def _flat_start(utterances: Sequence[UnalignedUtterance], loudness_channel: int) -> PhoneModel:
    """Estimate the initial model: quiet frames are silence, and each utterance is divided evenly among its phones."""
    durations: list[Durations] = []
    quiet_total, n_quiet = 0.0, 0
    for utterance in utterances:
        loudness = utterance.vectors[:, loudness_channel]
        quiet = loudness < np.percentile(loudness, _SILENCE_PERCENTILE)
        quiet_total, n_quiet = quiet_total + utterance.vectors[quiet].sum(0), n_quiet + int(quiet.sum())
        phones = np.array([symbol not in _SILENT for symbol in utterance.symbols])
        ends = np.round(np.cumsum(phones) / phones.sum() * len(utterance.vectors)).astype(int)
        durations.append(tuple(np.diff(ends, prepend=0)))
    pooled = np.concatenate([utterance.vectors for utterance in utterances[:400]])
    blank = PhoneModel(np.zeros((len(SYMBOLS), pooled.shape[1]), np.float32), pooled.var(0) + _VARIANCE_FLOOR)
    model = _estimate(utterances, durations, blank)
    model.means[_SILENCE] = quiet_total / max(1, n_quiet)
    return model


def _estimate(
    utterances: Sequence[UnalignedUtterance], durations: Sequence[Durations], previous: PhoneModel
) -> PhoneModel:
    """Estimate each phone's mean from the frames assigned to it, and the pooled within-phone variance.

    A phone without frames keeps its previous mean.
    """
    sums = np.zeros_like(previous.means, dtype=np.float64)
    counts = np.zeros(len(previous.means))
    squares = np.zeros(previous.means.shape[1])
    for utterance, row in zip(utterances, durations, strict=True):
        labels = np.repeat(merge_silence(utterance.symbols), row)
        np.add.at(sums, labels, utterance.vectors)
        counts += np.bincount(labels, minlength=len(counts))
        squares += (utterance.vectors.astype(np.float64) ** 2).sum(0)
    seen = counts > 0
    means = previous.means.copy()
    means[seen] = (sums[seen] / counts[seen, None]).astype(np.float32)
    within = (squares - (means[seen].astype(np.float64) ** 2 * counts[seen, None]).sum(0)) / counts.sum()
    return PhoneModel(means, (within + _VARIANCE_FLOOR).astype(np.float32))


def _align_once(utterances: Sequence[UnalignedUtterance], model: FrameScorer) -> list[Durations]:
    """Viterbi alignment of all utterances, in blocks of similar length."""
    order = sorted(range(len(utterances)), key=lambda index: len(utterances[index].vectors))
    durations: dict[int, Durations] = {}
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        for index, row in zip(block, _viterbi([utterances[index] for index in block], model), strict=True):
            durations[index] = row
    return [durations[index] for index in range(len(utterances))]


def _viterbi(block: Sequence[UnalignedUtterance], model: FrameScorer) -> list[Durations]:
    """Best left-to-right path of each utterance; silences may be skipped, phones last at least one frame."""
    n_rows = len(block)
    longest = max(len(utterance.vectors) for utterance in block)
    widest = max(len(utterance.symbols) for utterance in block)
    emissions = np.full((n_rows, longest, widest), _LOG_ZERO, np.float32)
    skippable = np.zeros((n_rows, widest), bool)
    for row, utterance in enumerate(block):
        states = merge_silence(utterance.symbols)
        emissions[row, : len(utterance.vectors), : len(states)] = model.scores(utterance.vectors)[:, states]
        skippable[row, : len(states)] = [state == _SILENCE for state in states]
    # A step stays (0), comes from the previous state (1), or skips a silence from two states back (2).
    can_skip = np.zeros_like(skippable)
    can_skip[:, 2:] = skippable[:, 1:-1]
    best = np.full((n_rows, widest), _LOG_ZERO, np.float32)
    best[:, 0] = emissions[:, 0, 0]
    best[:, 1] = emissions[:, 0, 1]
    steps = np.zeros((n_rows, longest, widest), np.int8)
    for frame in range(1, longest):
        one, two = np.full_like(best, _LOG_ZERO), np.full_like(best, _LOG_ZERO)
        one[:, 1:] = best[:, :-1]
        two[:, 2:] = np.where(can_skip[:, 2:], best[:, :-2], _LOG_ZERO)
        choices = np.stack([best, one, two])
        step = choices.argmax(0)
        steps[:, frame] = step
        best = np.take_along_axis(choices, step[None], 0)[0] + emissions[:, frame]
        np.maximum(best, _LOG_ZERO, out=best)
        for row, utterance in enumerate(block):
            if len(utterance.vectors) == frame + 1:
                _store_final_state(utterance, best[row], steps[row], frame)
    return [_backtrace(utterance, steps[row]) for row, utterance in enumerate(block)]


def _store_final_state(utterance: UnalignedUtterance, best: Vectors, steps: npt.NDArray[np.int8], frame: int) -> None:
    """Store in `steps[frame, 0]` whether the best path ends in the final silence (0) or in the phone before it (1)."""
    last = len(utterance.symbols) - 1
    steps[frame, 0] = 0 if best[last] >= best[last - 1] else 1


def _backtrace(utterance: UnalignedUtterance, steps: npt.NDArray[np.int8]) -> Durations:
    """Number of frames in each state of the best path."""
    counts = np.zeros(len(utterance.symbols), int)
    last_frame = len(utterance.vectors) - 1
    state = len(utterance.symbols) - 1 - int(steps[last_frame, 0])
    for frame in range(last_frame, -1, -1):
        counts[state] += 1
        if frame and state:
            state -= int(steps[frame, state])
    return tuple(int(count) for count in counts)
