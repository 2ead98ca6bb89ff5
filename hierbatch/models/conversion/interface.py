"""Interface of all voice conversion models.

Legend: L samples at 16 kHz.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hierbatch.audio.level import speech_gain
from hierbatch.audio.pitch import F0, PitchRange, estimate_f0
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, FRAMES_PER_SECOND, RATE_HZ
from hierbatch.errors import InputError, SynthesisError

MAX_SEGMENT_S = 30.0
"""Longest segment that a model accepts, in seconds; `split_segments` yields shorter segments."""

DEFAULT_PITCH = "target"
"""Default pitch of a conversion, as text for `parse_pitch`: the range of the target voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transposition:
    """Transposition of a converted voice, in semitones.

    With `relative_to="target"`, the contour moves to the median F0 of the target voice; with `source`, it keeps its own
    median. Both scale the contour's spread towards the target's. With `song`, the contour keeps every interval; with
    `song_octave`, it also moves by the whole number of octaves that brings its median closest to the target's.
    """

    semitones: float = 0.0
    relative_to: Literal["target", "source", "song", "song_octave"] = "target"

    @property
    def keeps_intervals(self) -> bool:
        """True if every interval of the source is kept."""
        return self.relative_to in ("song", "song_octave")


def parse_pitch(text: str, semitones: float = 0.0) -> Transposition:
    """Parse the pitch of a conversion: `target`, `keep`, `octave`, or a transposition of the source in semitones.

    Args:
        text: one of these words, or a number from -48 to 48.
        semitones: further transposition.

    Raises:
        InputError: the text is neither such a word nor such a number.
    """
    named: Mapping[str, Literal["target", "song", "song_octave"]] = {
        "target": "target",
        "keep": "song",
        "octave": "song_octave",
    }
    if text in named:
        return Transposition(semitones=semitones, relative_to=named[text])
    try:
        added = float(text)
    except ValueError:
        added = math.nan
    if not -48 <= added <= 48:
        raise InputError(
            "The pitch of the conversion is invalid",
            expected="target, keep, octave, or -48 to 48 semitones",
            got=repr(text[:40]),
            fix="correct --pitch",
        )
    return Transposition(semitones=added + semitones, relative_to="song")


def _to_whole_frames(n_samples: int) -> int:
    return -(-n_samples // FRAME_HOP_SAMPLES) * FRAME_HOP_SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """Input format that a conversion model expects; the defaults match HierSpeech2-Lite."""

    resample: Callable[[Waveform, int], Waveform] = resample
    gain: Callable[[Waveform], float] = speech_gain
    padded_length: Callable[[int], int] = _to_whole_frames
    """Function from the number of samples to the number after padding with silence; by default, whole 20 ms frames."""
    normalize_f0: Callable[[F0, Any, Transposition], F0] | None = None
    """Function from an F0 contour in 5 ms steps, a target voice and a transposition to the network's pitch input.

    None if the model has no such input.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRequest:
    """Segment to convert; `voice` is the value returned by the same model's `encode_voice`.

    Shape:
        samples        [L]         at 16 kHz, prepared as the model's `input_spec` requires, whole frames of 20 ms
        f0_hz          [L // 160]  target pitch in Hz, positive everywhere
        voiced         [L // 160]  bool
        normalized_f0  [L // 80]   output of `normalize_f0`, used instead of `f0_hz` if present
    """

    samples: Samples
    f0_hz: F0
    voiced: npt.NDArray[np.bool_]
    voice: Any
    seed: int
    normalized_f0: F0 | None = None
    is_song: bool = False
    """True if the pitch must be that of `f0_hz` to a few cents."""


@runtime_checkable
class ConversionModel(Protocol):
    """Protocol for a voice conversion model."""

    @property
    def name(self) -> str:
        """Name of the bundle."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and of the settings that affect the output."""

    @property
    def input_spec(self) -> InputSpec:
        """Input format that the networks expect."""
        ...

    def encode_voice(self, prompt: Waveform, *, track: PitchTracker = estimate_f0) -> Any:
        """Encode a voice prompt; `track` estimates its F0. Raises PromptError if the prompt is unusable."""

    def pitch_range(self, voice: Any) -> PitchRange:
        """Median and spread of the voice's F0."""

    def convert_all(self, requests: Sequence[ConversionRequest]) -> list[Samples]:
        """Convert segments; each output is at 16 kHz, as long as its segment, and independent of the batch."""


def count_frames(request: ConversionRequest) -> int:
    """Number of 20 ms frames in a segment.

    Raises:
        SynthesisError: the segment is empty, too long, or not a whole number of frames.
    """
    n_frames, rest = divmod(len(request.samples), FRAME_HOP_SAMPLES)
    if rest or not 0 < n_frames <= MAX_SEGMENT_S * FRAMES_PER_SECOND:
        raise SynthesisError(
            "The segment cannot be converted",
            expected=f"whole frames of {FRAME_HOP_SAMPLES} samples, at most {MAX_SEGMENT_S:.0f} s",
            got=f"{len(request.samples) / RATE_HZ:.3f} s",
        )
    return n_frames
