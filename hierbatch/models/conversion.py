"""A recording of any length in another voice: pitch placed over the whole, worked in pieces cut where it is quiet.

Legend: L samples at 16 kHz, T pitch frames (100/s).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hierbatch.audio.activity import Span
from hierbatch.audio.level import below_full_scale, speech_gain
from hierbatch.audio.matching import match_loudness
from hierbatch.audio.pitch import F0, PitchRange, estimate_f0, estimate_long_f0, fill_unvoiced, measure_pitch_range
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import SynthesisError
from hierbatch.units import FRAME_HOP_SAMPLES, MEL_HOP_SAMPLES, RATE_HZ

_SHORTEST_PIECE_S, _LONGEST_PIECE_S = 15.0, 20.0
_CONTEXT_S = 1.0
_FADE_SAMPLES = 160
_QUIET_FRAMES = 5
"""Content frames (20 ms) over which the power is smoothed before the quietest is looked for."""
_LEAST_SPREAD_RATIO, _MOST_SPREAD_RATIO = 0.75, 1.33
"""How far a contour is flattened or stretched: a few seconds of prompt do not tell a speaker's whole liveliness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRequest:
    """One piece to convert; `voice` is what the same model's `encode_voice` gave.

    Shape:
        samples  [L]         16 kHz, at the level the networks are trained at, whole frames of 20 ms
        f0_hz    [L // 160]  where the new voice should sing, positive everywhere
        voiced   [L // 160]  bool
    """

    samples: Samples
    f0_hz: F0
    voiced: npt.NDArray[np.bool_]
    voice: Any
    seed: int


@runtime_checkable
class ConversionModel(Protocol):
    """What conversion needs of a model."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the weights or what is done with them do."""

    def encode_voice(self, prompt: Waveform, *, track: PitchTracker = estimate_f0) -> Any:
        """Raises PromptError where the prompt cannot be used."""

    def pitch_range(self, voice: Any) -> PitchRange:
        """Where the voice speaks, and how widely."""

    def convert(self, request: ConversionRequest) -> Samples:
        """As many samples as the request has, at 16 kHz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Where a converted voice sings: so many semitones above the target's own range, or above the source itself."""

    semitones: float = 0.0
    about: Literal["target", "source"] = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A converted recording and its pitch, 0 where unvoiced."""

    waveform: Waveform
    f0_hz: F0


def convert_recording(
    model: ConversionModel,
    source: Waveform,
    voice: Any,
    *,
    seed: int,
    key: Key = Key(),  # noqa: B008 - a frozen value
    rate_hz: int | None = None,
    track: PitchTracker = estimate_f0,
    spans: Sequence[Span] | None = None,
) -> Conversion:
    """The same words and melody in another voice.

    At the source's own rate as many samples as the source, at another `rate_hz` as many as cover the same time; as
    loud as the source, by one gain. With `spans` only these are converted, pitch and loudness are measured in them
    alone, and silence stands between them; they rise and fall over 20 ms about their ends. `track` finds the source's
    pitch; that of the voice was found when the model heard it.

    Raises:
        SynthesisError: the model gave nothing usable.
        SourceError: the source is too short for the tracker.
    """
    heard = resample(source, RATE_HZ)
    n_frames = -(-heard.n_samples // FRAME_HOP_SAMPLES)
    padded = np.pad(heard.samples, (0, n_frames * FRAME_HOP_SAMPLES - heard.n_samples))
    chosen = [(0, len(padded))] if spans is None else whole_frames(spans, len(padded))
    inside = np.zeros(len(padded), np.float32)
    for start, end in chosen:
        inside[start:end] = 1
    reference = Waveform(heard.samples * inside[: heard.n_samples], RATE_HZ)
    padded = padded * np.float32(speech_gain(reference))
    f0_hz = estimate_long_f0(Waveform(padded, RATE_HZ), track) * inside[::MEL_HOP_SAMPLES]
    pieces = [(first + start, first + end) for first, last in chosen for start, end in cut_pieces(padded[first:last])]
    moved = place_pitch(f0_hz, model.pitch_range(voice), key)
    made = np.zeros(len(padded), np.float32)
    for number, (start, end) in enumerate(pieces):
        first = max(0, start - int(_CONTEXT_S * RATE_HZ))
        last = min(len(padded), end + int(_CONTEXT_S * RATE_HZ))
        frames = slice(first // MEL_HOP_SAMPLES, last // MEL_HOP_SAMPLES)
        request = ConversionRequest(
            samples=padded[first:last],
            f0_hz=moved[frames],
            voiced=f0_hz[frames] > 0,
            voice=voice,
            seed=(seed + number) % (1 << 63),
        )
        _add_piece(made, model.convert(request), first, start, end)
    if not np.isfinite(made).all():
        raise SynthesisError("The model gave samples that are not numbers")
    waveform = match_loudness(Waveform(made[: heard.n_samples], RATE_HZ), reference)
    waveform = resample(waveform, rate_hz or source.rate_hz)
    if waveform.rate_hz == source.rate_hz:
        # 16 kHz samples cover the source's time rounded up: there and back may be a sample more.
        waveform = Waveform(waveform.samples[: source.n_samples], source.rate_hz)
    waveform = below_full_scale(waveform)  # between samples of one rate the next may lie higher
    return Conversion(waveform=waveform, f0_hz=np.where(f0_hz > 0, moved, 0).astype(np.float32))


def whole_frames(spans: Sequence[Span], n_samples: int) -> list[tuple[int, int]]:
    """First and last sample at 16 kHz of each span, out to whole frames of 20 ms; none overlapping, none empty."""
    found: list[tuple[int, int]] = []
    for span in spans:
        first = int(span.start_s * RATE_HZ + 0.5) // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES
        last = min(n_samples, -(-int(span.end_s * RATE_HZ + 0.5) // FRAME_HOP_SAMPLES) * FRAME_HOP_SAMPLES)
        first = max(first, found[-1][1] if found else 0)  # two spans may share the frame they meet in
        if last > first:
            found.append((first, last))
    return found


def place_pitch(f0_hz: F0, target: PitchRange, key: Key = Key()) -> F0:  # noqa: B008 - a frozen value
    """A contour in its key and, within bounds, as lively as the target; filled where unvoiced.

    Shape:
        f0_hz    [T]  0 where unvoiced
        returns  [T]  positive
    """
    own = measure_pitch_range(f0_hz)
    ratio = target.spread_semitones / own.spread_semitones if own.spread_semitones > 0 else 1.0
    ratio = min(_MOST_SPREAD_RATIO, max(_LEAST_SPREAD_RATIO, ratio))
    semitones = ratio * 12 * np.log2(fill_unvoiced(f0_hz, own.median_hz) / own.median_hz)
    base_hz = own.median_hz if key.about == "source" else target.median_hz
    return (base_hz * 2 ** ((semitones + key.semitones) / 12)).astype(np.float32)


def cut_pieces(samples: Samples) -> Iterator[tuple[int, int]]:
    """First and last sample of pieces of at most 20 s, cut on a frame, at the quietest place after 15 s."""
    power = (samples[: len(samples) // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES].astype(np.float64) ** 2).reshape(
        -1, FRAME_HOP_SAMPLES
    )
    smooth = np.convolve(power.mean(axis=1), np.ones(_QUIET_FRAMES) / _QUIET_FRAMES, mode="same")
    shortest, longest = (int(s * RATE_HZ) // FRAME_HOP_SAMPLES for s in (_SHORTEST_PIECE_S, _LONGEST_PIECE_S))
    start = 0
    while len(smooth) - start > longest:
        end = start + shortest + int(np.argmin(smooth[start + shortest : start + longest]))
        yield start * FRAME_HOP_SAMPLES, end * FRAME_HOP_SAMPLES
        start = end
    yield start * FRAME_HOP_SAMPLES, len(samples)


def _add_piece(made: Samples, piece: Samples, first: int, start: int, end: int) -> None:
    """The piece between its cuts, faded into its neighbours there; its context is left away."""
    fade = (0.5 - 0.5 * np.cos(np.pi * (np.arange(2 * _FADE_SAMPLES) + 0.5) / (2 * _FADE_SAMPLES))).astype(np.float32)
    left = start - _FADE_SAMPLES if start else 0
    right = min(len(made), end + _FADE_SAMPLES)
    kept = piece[left - first : right - first].copy()
    if start:
        kept[: len(fade)] *= fade[: len(kept)]
    if right > end:
        kept[-len(fade) :] *= fade[::-1]
    made[left:right] += kept
