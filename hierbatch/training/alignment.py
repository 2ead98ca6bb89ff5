"""Which frames belong to which phoneme, found from nothing but transcripts and semantic vectors.

A flat-start monophone model: every phone one Gaussian over semantic vectors (shared spread), separators and START a
silence that may last no time at all; Viterbi and re-estimation by turns (Rabiner 1989, section V), one model a
language. Then a small classifier of three neighbouring frames, trained on what the Gaussians found, takes their place
and sharpens the borders. Durations come out in the product's own phonemes, whatever symbols a teacher spoke from.

Legend: U utterances of a block, T frames, N symbols, C channels, P phones.
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
_NEVER = -1e30
_SPREAD_FLOOR = 0.05
_SILENCE_PERCENTILE = 12.0

Vectors = npt.NDArray[np.float32]
Frames = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance to align.

    Shape:
        vectors  [T, C]  semantic vectors, the frame's loudness appended by the caller where wanted
        symbols  [N]     ids, START first
    """

    vectors: Vectors
    symbols: tuple[int, ...]


class FrameScorer(Protocol):
    """Anything that says how well frames fit phones."""

    def scores(self, vectors: Vectors) -> Vectors:
        """Log likelihood of each frame under each phone, up to a constant. Shape: [T, C] -> [T, P]."""
        ...


@dataclass(slots=True)
class PhoneModel:
    """Diagonal Gaussians of one language's phones. Shape: means [P, C], variances [C], shared."""

    means: Vectors
    variances: Vectors

    def scores(self, vectors: Vectors) -> Vectors:
        precision = 1.0 / self.variances
        cross = (vectors * precision) @ self.means.T
        return np.asarray(cross - 0.5 * ((self.means**2) @ precision)[None], dtype=np.float32)


class FrameClassifier:
    """A 256-unit network on three neighbouring frames; scores are log posteriors less half the log priors."""

    def __init__(self, n_channels: int, priors: Vectors, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self._network = nn.Sequential(nn.Linear(3 * n_channels, 256), nn.GELU(), nn.Linear(256, len(priors)))
        for parameter in self._network.parameters():
            if parameter.ndim == 2:
                nn.init.kaiming_normal_(parameter, generator=generator)
        self._log_priors = torch.log(torch.from_numpy(priors) + 1e-5)

    def fit(self, vectors: Vectors, owners: npt.NDArray[np.int64], n_epochs: int = 3) -> None:
        """Learn which phone owns a frame. Shape: vectors [T, C] of all utterances end to end, owners [T]."""
        x = torch.from_numpy(_with_neighbours(vectors))
        y = torch.from_numpy(owners)
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
        logits = self._network(torch.from_numpy(_with_neighbours(vectors)))
        found: Vectors = (F.log_softmax(logits, -1) - 0.5 * self._log_priors).numpy()
        return found


def _with_neighbours(vectors: Vectors) -> Vectors:
    """Each frame between the one before and the one after. Shape: [T, C] -> [T, 3 C]."""
    padded = np.pad(vectors, ((1, 1), (0, 0)), mode="edge")
    return np.concatenate([padded[:-2], vectors, padded[2:]], axis=1)


def align(
    utterances: Sequence[Spoken], loudness_channel: int, n_passes: int = 5, n_refinements: int = 2
) -> list[Frames]:
    """Frames of every symbol of every utterance; each row sums to its number of frames.

    Utterances must have at least as many frames as phones; loudness (one channel of the vectors) only seeds which
    frames are silence.
    """
    model = _flat_start(utterances, loudness_channel)
    frames: list[Frames] = []
    for _ in range(n_passes):
        frames = _align_once(utterances, model)
        model = _estimate(utterances, frames, model)
    for _ in range(n_refinements):
        frames = _align_once(utterances, _classifier(utterances, frames))
    return frames


def _classifier(utterances: Sequence[Spoken], frames: Sequence[Frames]) -> FrameClassifier:
    vectors = np.concatenate([spoken.vectors for spoken in utterances])
    pairs = zip(utterances, frames, strict=True)
    owners = np.concatenate([np.repeat(silence_as_one(spoken.symbols), row) for spoken, row in pairs])
    priors = (np.bincount(owners, minlength=len(SYMBOLS)) / len(owners)).astype(np.float32)
    classifier = FrameClassifier(vectors.shape[1], priors)
    classifier.fit(vectors, owners)
    return classifier


def silence_as_one(symbols: Sequence[int]) -> list[int]:
    """Phone of each symbol; START and all separators share the silence."""
    return [_SILENCE if symbol in _SILENT else symbol for symbol in symbols]


def _flat_start(utterances: Sequence[Spoken], loudness_channel: int) -> PhoneModel:
    """Quiet frames are silence; the rest of each utterance is shared out evenly among its phones."""
    frames: list[Frames] = []
    quiet_total, n_quiet = 0.0, 0
    for spoken in utterances:
        loudness = spoken.vectors[:, loudness_channel]
        quiet = loudness < np.percentile(loudness, _SILENCE_PERCENTILE)
        quiet_total, n_quiet = quiet_total + spoken.vectors[quiet].sum(0), n_quiet + int(quiet.sum())
        phones = np.array([symbol not in _SILENT for symbol in spoken.symbols])
        ends = np.round(np.cumsum(phones) / phones.sum() * len(spoken.vectors)).astype(int)
        frames.append(tuple(np.diff(ends, prepend=0)))
    pooled = np.concatenate([spoken.vectors for spoken in utterances[:400]])
    blank = PhoneModel(np.zeros((len(SYMBOLS), pooled.shape[1]), np.float32), pooled.var(0) + _SPREAD_FLOOR)
    model = _estimate(utterances, frames, blank)
    model.means[_SILENCE] = quiet_total / max(1, n_quiet)
    return model


def _estimate(utterances: Sequence[Spoken], frames: Sequence[Frames], before: PhoneModel) -> PhoneModel:
    """Means of the frames each phone was given, and the spread left around them."""
    sums = np.zeros_like(before.means, dtype=np.float64)
    counts = np.zeros(len(before.means))
    squares = np.zeros(before.means.shape[1])
    for spoken, row in zip(utterances, frames, strict=True):
        owners = np.repeat(silence_as_one(spoken.symbols), row)
        np.add.at(sums, owners, spoken.vectors)
        counts += np.bincount(owners, minlength=len(counts))
        squares += (spoken.vectors.astype(np.float64) ** 2).sum(0)
    seen = counts > 0
    means = before.means.copy()
    means[seen] = (sums[seen] / counts[seen, None]).astype(np.float32)
    within = (squares - (means[seen].astype(np.float64) ** 2 * counts[seen, None]).sum(0)) / counts.sum()
    return PhoneModel(means, (within + _SPREAD_FLOOR).astype(np.float32))


def _align_once(utterances: Sequence[Spoken], model: FrameScorer) -> list[Frames]:
    """Best paths of all utterances, blocks of like lengths together."""
    order = sorted(range(len(utterances)), key=lambda index: len(utterances[index].vectors))
    frames: dict[int, Frames] = {}
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        for index, row in zip(block, _viterbi([utterances[index] for index in block], model), strict=True):
            frames[index] = row
    return [frames[index] for index in range(len(utterances))]


def _viterbi(block: Sequence[Spoken], model: FrameScorer) -> list[Frames]:
    """Left-to-right best path of each utterance; silences may be passed over, phones last at least one frame."""
    n_rows = len(block)
    longest = max(len(spoken.vectors) for spoken in block)
    widest = max(len(spoken.symbols) for spoken in block)
    emissions = np.full((n_rows, longest, widest), _NEVER, np.float32)
    skippable = np.zeros((n_rows, widest), bool)
    for row, spoken in enumerate(block):
        states = silence_as_one(spoken.symbols)
        emissions[row, : len(spoken.vectors), : len(states)] = model.scores(spoken.vectors)[:, states]
        skippable[row, : len(states)] = [state == _SILENCE for state in states]
    # A step stays (0), comes from the state before (1), or from two before over a silence (2).
    can_skip = np.zeros_like(skippable)
    can_skip[:, 2:] = skippable[:, 1:-1]
    best = np.full((n_rows, widest), _NEVER, np.float32)
    best[:, 0] = emissions[:, 0, 0]
    best[:, 1] = emissions[:, 0, 1]
    steps = np.zeros((n_rows, longest, widest), np.int8)
    for frame in range(1, longest):
        one, two = np.full_like(best, _NEVER), np.full_like(best, _NEVER)
        one[:, 1:] = best[:, :-1]
        two[:, 2:] = np.where(can_skip[:, 2:], best[:, :-2], _NEVER)
        choices = np.stack([best, one, two])
        step = choices.argmax(0)
        steps[:, frame] = step
        best = np.take_along_axis(choices, step[None], 0)[0] + emissions[:, frame]
        np.maximum(best, _NEVER, out=best)
        for row, spoken in enumerate(block):
            if len(spoken.vectors) == frame + 1:
                _remember_end(spoken, best[row], steps[row], frame)
    return [_trace(spoken, steps[row]) for row, spoken in enumerate(block)]


def _remember_end(spoken: Spoken, best: Vectors, steps: npt.NDArray[np.int8], frame: int) -> None:
    """Note in the last frame's row whether the path ends in the final silence (0) or in the phone before it (1)."""
    last = len(spoken.symbols) - 1
    steps[frame, 0] = 0 if best[last] >= best[last - 1] else 1


def _trace(spoken: Spoken, steps: npt.NDArray[np.int8]) -> Frames:
    counts = np.zeros(len(spoken.symbols), int)
    last_frame = len(spoken.vectors) - 1
    state = len(spoken.symbols) - 1 - int(steps[last_frame, 0])
    for frame in range(last_frame, -1, -1):
        counts[state] += 1
        if frame and state:
            state -= int(steps[frame, state])
    return tuple(int(count) for count in counts)
