"""What converts voices, and how it is asked: the interface of every conversion model.

Legend: L samples at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hierbatch.audio.level import speech_gain
from hierbatch.audio.pitch import F0, PitchRange, estimate_f0
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import SynthesisError
from hierbatch.units import FRAME_HOP_SAMPLES, FRAMES_PER_SECOND, RATE_HZ

LONGEST_PIECE_S = 30.0
"""A model is given no longer piece; `cut_pieces` makes them shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Where a converted voice sings: so many semitones above the target's own range, or above the source itself."""

    semitones: float = 0.0
    about: Literal["target", "source"] = "target"


def _to_whole_frames(n_samples: int) -> int:
    return -(-n_samples // FRAME_HOP_SAMPLES) * FRAME_HOP_SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceManner:
    """How a model's networks were trained to be given a recording; by default as those of this project are."""

    resample: Callable[[Waveform, int], Waveform] = resample
    gain: Callable[[Waveform], float] = speech_gain
    padded_length: Callable[[int], int] = _to_whole_frames
    """Samples with silence behind them, whole frames of 20 ms."""
    place_finely: Callable[[F0, Any, Key], F0] | None = None
    """What the networks are given of a contour found every 5 ms, in a voice and a key; None where they take none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRequest:
    """One piece to convert; `voice` is what the same model's `encode_voice` gave.

    Shape:
        samples  [L]         16 kHz, in the model's `manner`, whole frames of 20 ms
        f0_hz    [L // 160]  where the new voice should sing, positive everywhere
        voiced   [L // 160]  bool
        placed   [L // 80]   what the manner's `place_finely` made of a finer contour, where it is the one that is used
    """

    samples: Samples
    f0_hz: F0
    voiced: npt.NDArray[np.bool_]
    voice: Any
    seed: int
    placed: F0 | None = None


@runtime_checkable
class ConversionModel(Protocol):
    """What conversion needs of a model."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the weights or what is done with them do."""

    @property
    def manner(self) -> SourceManner: ...

    def encode_voice(self, prompt: Waveform, *, track: PitchTracker = estimate_f0) -> Any:
        """Raises PromptError where the prompt cannot be used."""

    def pitch_range(self, voice: Any) -> PitchRange:
        """Where the voice speaks, and how widely."""

    def convert_all(self, requests: Sequence[ConversionRequest]) -> list[Samples]:
        """As many samples as each request has, at 16 kHz; a piece sounds the same alone and among others."""


def count_frames(request: ConversionRequest) -> int:
    """Frames of 20 ms in a piece.

    Raises:
        SynthesisError: it is not made of whole ones, or is too long.
    """
    n_frames, rest = divmod(len(request.samples), FRAME_HOP_SAMPLES)
    if rest or not 0 < n_frames <= LONGEST_PIECE_S * FRAMES_PER_SECOND:
        raise SynthesisError(
            "The piece cannot be converted",
            wanted=f"whole frames of {FRAME_HOP_SAMPLES} samples, {LONGEST_PIECE_S:.0f} s at most",
            got=f"{len(request.samples) / RATE_HZ:.3f} s",
        )
    return n_frames
