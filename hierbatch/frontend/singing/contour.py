"""Pitch contour of a phrase: notes joined by portamento, with vibrato on long ones.

Legend: T pitch frames (100/s).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.constants import MEL_FRAMES_PER_SECOND, MELS_PER_FRAME
from hierbatch.frontend.singing.phrases import SungNote, SungPhrase

_A4_HZ, _A4_PITCH = 440.0, 69.0
_VIBRATO_DELAY_S, _VIBRATO_RISE_S, _VIBRATO_FALL_S = 0.25, 0.2, 0.06
_ANTICIPATION = 0.25
"""Share of the portamento that is before the beat, so that the note is reached soon after its beat."""

Cents = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SingingStyle:
    """Ornaments of a melody; all are bounded, so that the melody stays that of the score."""

    portamento_s: float = 0.08
    """Time from one note to the next."""
    vibrato_cents: float = 25.0
    """Depth of the vibrato of notes longer than about half a second: the pitch moves up and down by this amount."""
    vibrato_hz: float = 5.5
    expression_cents: float = 10.0
    """Bound on the model's own movement of the pitch inside a note."""


def pitch_to_hz(pitch: float) -> float:
    """Frequency in Hz of a MIDI number."""
    return float(_A4_HZ * 2 ** ((pitch - _A4_PITCH) / 12))


def hz_to_pitch(frequency_hz: float) -> float:
    """MIDI number of a frequency."""
    return float(_A4_PITCH + 12 * np.log2(frequency_hz / _A4_HZ))


def phrase_contour(phrase: SungPhrase, style: SingingStyle, semitones: float = 0.0) -> npt.NDArray[np.float32]:
    """F0 of a phrase in Hz, positive everywhere; rests continue the note before or after them.

    Args:
        phrase: phrase with the notes.
        style: ornaments.
        semitones: transposition.

    Shape:
        returns  [T]
    """
    n_values = phrase.n_frames * MELS_PER_FRAME
    steps = _steps(phrase.notes, n_values)
    cents = _joined(steps, style.portamento_s) + _vibrato(phrase.notes, n_values, style)
    contour: npt.NDArray[np.float32] = (pitch_to_hz(semitones) * 2 ** (cents / 1200)).astype(np.float32)
    return contour


def bounded_expression(
    log_f0: npt.NDArray[np.float32], phrase: SungPhrase, is_voiced: npt.NDArray[np.bool_], bound_cents: float
) -> Cents:
    """Deviation of a predicted contour from a straight line fitted to each note, in cents, softly limited.

    Args:
        log_f0: natural log of the predicted F0.
        phrase: phrase with the notes.
        is_voiced: True for voiced frames that carry a note; other frames are ignored.
        bound_cents: approximate limit of the deviation; 0 returns zeros.

    Shape:
        log_f0, is_voiced  [T]
        returns            [T]
    """
    deviation = np.zeros(len(log_f0))
    if bound_cents <= 0:
        return deviation
    for note in phrase.notes:
        frames = np.arange(note.onset_frame * MELS_PER_FRAME, min(len(log_f0), note.end_frame * MELS_PER_FRAME))
        frames = frames[is_voiced[frames]]
        if len(frames) < 8:
            continue
        centred = frames - frames.mean()
        values = log_f0[frames] - log_f0[frames].mean()
        cents = (values - centred * (values @ centred) / (centred @ centred)) * (1200 / np.log(2))
        bounded = np.tanh(cents / bound_cents) * bound_cents
        deviation[frames] = bounded - bounded.mean()
    smooth = np.hanning(9)
    return np.convolve(deviation, smooth / smooth.sum(), mode="same")


def _steps(notes: Sequence[SungNote], n_values: int) -> Cents:
    """Pitch of each frame without ornaments, in cents above MIDI number 0; a rest has the pitch of the nearer note."""
    pitches = np.array([note.pitch for note in notes])
    middles = [
        (before.end_frame + after.onset_frame) * MELS_PER_FRAME // 2
        if after.onset_frame > before.end_frame
        else after.onset_frame * MELS_PER_FRAME
        for before, after in itertools.pairwise(notes)
    ]
    owner = np.searchsorted(middles, np.arange(n_values), side="right")
    # A rest is long enough to change inside it, but its end belongs to the consonants of the next note.
    return pitches[owner] * 100.0


def _joined(steps: Cents, portamento_s: float) -> Cents:
    n_frames = round(portamento_s * MEL_FRAMES_PER_SECOND)
    if n_frames < 2:
        return steps
    kernel = np.hanning(n_frames + 2)[1:-1]
    early = round(_ANTICIPATION * n_frames)
    padded = np.pad(steps, (n_frames, n_frames), mode="edge")
    smoothed = np.convolve(padded, kernel / kernel.sum(), mode="same")
    return smoothed[n_frames + early : n_frames + early + len(steps)]


def _vibrato(notes: Sequence[SungNote], n_values: int, style: SingingStyle) -> Cents:
    cents = np.zeros(n_values)
    for note in notes:
        first, last = note.onset_frame * MELS_PER_FRAME, min(n_values, note.end_frame * MELS_PER_FRAME)
        since_s = (np.arange(last - first) + 0.5) / MEL_FRAMES_PER_SECOND
        left_s = since_s[::-1] if len(since_s) else since_s
        gain = np.clip((since_s - _VIBRATO_DELAY_S) / _VIBRATO_RISE_S, 0, 1) * np.clip(left_s / _VIBRATO_FALL_S, 0, 1)
        cents[first:last] += (
            style.vibrato_cents * gain * np.sin(2 * np.pi * style.vibrato_hz * (since_s - _VIBRATO_DELAY_S))
        )
    return cents
