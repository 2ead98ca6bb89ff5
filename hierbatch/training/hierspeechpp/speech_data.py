"""Rows of prepared speech for the published networks: usable and held-out utterances, and arrays of segments.

Legend: T frames (50/s), U frames of the style segment (50/s), C channels of the features.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.errors import InputError
from hierbatch.training.batch_plan import BatchPlan, language_weights, speaker_weights
from hierbatch.training.hierspeechpp.settings import SpeechDataSettings
from hierbatch.training.prepared import PreparedUtterance
from hierbatch.training.splits import Split
from hierbatch.training.trainer.random_state import row_generator

Floats = npt.NDArray[np.float32]

_F0_PER_FRAME = 4
_HELD_OUT_SHARE = 20


class PreparedSpeech(Protocol):
    """Protocol for a prepared set, as the recipes use it.

    The methods that read arrays return `n_frames` frames of 20 ms from frame `start` of an utterance; None reads to the
    end.
    """

    @property
    def utterances(self) -> list[PreparedUtterance]:
        """All utterances."""
        ...

    def split(self, split: Split) -> list[PreparedUtterance]:
        """Utterances of one split."""
        ...

    def audio(self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None) -> Floats:
        """16 kHz samples. Shape: [320 T]."""
        ...

    def semantic(self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None) -> Floats:
        """Content features. Shape: [T, C]."""
        ...

    def fine_f0_hz(self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None) -> Floats:
        """F0 every 5 ms, 0 where unvoiced. Shape: [4 T]."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPosition:
    """Segment of an utterance, the segment from which the style is encoded, and the generator of random choices."""

    utterance: PreparedUtterance
    start: int
    n_frames: int
    style_utterance: PreparedUtterance
    style_start: int
    style_frames: int
    random: np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class RowArrays:
    """Arrays of one row.

    Shape:
        sound               [320 T]
        semantic            [T, C]
        perturbed_semantic  [T, C]
        f0_hz               [4 T]
        style_sound         [320 U]
    """

    sound: Floats
    semantic: Floats
    perturbed_semantic: Floats
    f0_hz: Floats
    style_sound: Floats


class SpeechData:
    """Usable utterances of a prepared set: those for training, with their order, and those held out for validation."""

    def __init__(
        self,
        prepared: PreparedSpeech,
        settings: SpeechDataSettings,
        seed: int,
        is_usable: Callable[[PreparedUtterance], bool] = lambda _: True,
    ) -> None:
        """Choose utterances.

        Args:
            prepared: the prepared set.
            settings: limits and balance.
            seed: seed of the order and of all random choices.
            is_usable: function that returns False for an utterance to leave out.

        Raises:
            InputError: no utterance can be used.
        """
        self.prepared, self.settings, self._seed = prepared, settings, seed
        usable = [u for u in prepared.utterances if u.n_frames >= settings.min_frames and is_usable(u)]
        held_out = _held_out(usable, settings.validation_rows)
        held_out_ids = {utterance.id for utterance in held_out}
        self.utterances = [u for u in usable if u.split == "train" and u.id not in held_out_ids]
        self.held_out = held_out or self.utterances[:1]
        if not self.utterances:
            raise InputError(
                "No prepared utterance can be used for training",
                expected=f"utterances of {settings.min_frames / 50:g} s or more",
                got=f"{len(prepared.utterances)} utterances, none of them usable",
                fix="prepare more data, or change the limits in the table `data` of the configuration",
            )
        self.plan = self._plan()
        self._by_speaker: dict[str, list[PreparedUtterance]] = defaultdict(list)
        for utterance in self.utterances:
            self._by_speaker[utterance.speaker].append(utterance)

    @property
    def fingerprint(self) -> str:
        """Hash of the ids of the utterances used in training."""
        return f"{zlib.crc32(chr(10).join(u.id for u in self.utterances).encode()):08x}"

    def positions(self, step: int) -> list[RowPosition]:
        """Segments of all rows of a step, over all processes."""
        return [
            self.position(self.utterances[index], row_generator(self._seed, step, row))
            for row, index in enumerate(self.plan.rows(step).tolist())
        ]

    def held_out_positions(self) -> list[RowPosition]:
        """Segments of the held-out rows; every call returns the same segments."""
        return [self.position(u, row_generator(self._seed, -1 % 2**31, row)) for row, u in enumerate(self.held_out)]

    def position(self, utterance: PreparedUtterance, random: np.random.Generator) -> RowPosition:
        """Draw a segment of an utterance, and the segment from which its style is encoded."""
        start, n_frames = _segment(utterance, self.settings.max_frames, random)
        style_utterance, style_start, style_frames = utterance, start, n_frames
        others = self._by_speaker.get(utterance.speaker, [])
        if self.settings.style_from == "speaker" and random.random() < 0.5 and len(others) > 1:
            style_utterance = others[int(random.integers(len(others)))]
            style_start, style_frames = _segment(style_utterance, self.settings.max_frames, random)
        return RowPosition(
            utterance=utterance,
            start=start,
            n_frames=n_frames,
            style_utterance=style_utterance,
            style_start=style_start,
            style_frames=style_frames,
            random=random,
        )

    def load(self, row: RowPosition) -> RowArrays:
        """Read the arrays of a row."""
        segment = (row.utterance, row.start, row.n_frames)
        semantic = self.prepared.semantic(*segment)
        perturbed = getattr(self.prepared, "perturbed_semantic", None)
        return RowArrays(
            sound=self.prepared.audio(*segment),
            semantic=semantic,
            perturbed_semantic=semantic if perturbed is None else perturbed(*segment, row.random),
            f0_hz=self.prepared.fine_f0_hz(*segment),
            style_sound=self.prepared.audio(row.style_utterance, row.style_start, row.style_frames),
        )

    def _plan(self) -> BatchPlan:
        n_frames = [utterance.n_frames for utterance in self.utterances]
        weights = None
        if self.settings.speaker_balance:
            weights = speaker_weights([u.speaker for u in self.utterances], n_frames)
        if self.settings.language_shares:
            equal = np.full(len(n_frames), 1 / len(n_frames))
            languages = [u.language for u in self.utterances]
            weights = language_weights(equal if weights is None else weights, languages, self.settings.language_shares)
        return BatchPlan(
            n_frames, self.settings.batch_rows, self._seed, weights=weights, is_bucketed=self.settings.bucketed
        )


def pad_rows(rows: Sequence[Floats], length: int) -> Floats:
    """Stack B rows, each cut or padded with zeros to `length`. Shape: each [T, ...] -> [B, length, ...]."""
    padded = np.zeros((len(rows), length, *rows[0].shape[1:]), np.float32)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row[:length]
    return padded


def samples_of(n_frames: int) -> int:
    """Number of samples at 16 kHz in a number of frames."""
    return n_frames * FRAME_HOP_SAMPLES


def f0_values_of(n_frames: int) -> int:
    """Number of F0 values, every 5 ms, in a number of frames."""
    return n_frames * _F0_PER_FRAME


def _held_out(usable: Sequence[PreparedUtterance], n_rows: int) -> list[PreparedUtterance]:
    """Choose at most `n_rows` utterances of development speakers, or else at most a twentieth of those for training."""
    development = [utterance for utterance in usable if utterance.split == "development"]
    if development or len(usable) < 2:
        return sorted(development, key=_place)[:n_rows]
    candidates = sorted((u for u in usable if u.split == "train"), key=_place)
    return candidates[: max(1, min(n_rows, len(candidates) // _HELD_OUT_SHARE))]


def _place(utterance: PreparedUtterance) -> int:
    return zlib.crc32(utterance.id.encode())


def _segment(utterance: PreparedUtterance, max_frames: int, random: np.random.Generator) -> tuple[int, int]:
    n_frames = min(max_frames, utterance.n_frames)
    return int(random.integers(utterance.n_frames - n_frames + 1)), n_frames
