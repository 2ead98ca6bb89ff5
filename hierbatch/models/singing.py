"""Interface of singing models, and the rendering of a song phrase by phrase.

Legend: L samples, T pitch frames (100/s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hierbatch.audio.level import below_full_scale
from hierbatch.audio.pitch import F0, PitchRange
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME, RATE_HZ
from hierbatch.errors import InputError, SynthesisError
from hierbatch.frontend.singing.alignment import AlignedPhrase
from hierbatch.frontend.singing.contour import SingingStyle, hz_to_pitch, pitch_to_hz
from hierbatch.frontend.singing.phrases import Song, SungPhrase

ABOVE_SPEECH_SEMITONES = 6.0
"""Distance from the median of a voice's speech up to the center of its singing range, near which songs are moved."""
MIN_SUNG_HZ, MAX_SUNG_HZ = 55.0, 1050.0
"""Range of pitches that can be rendered."""
_FADE_S = 0.03
_PHRASES_PER_BATCH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SingingRequest:
    """One phrase to synthesize; `voice` is the value returned by the same model's `encode_voice`."""

    phrase: SungPhrase
    voice: Any
    seed: int
    semitones: float = 0.0
    style: SingingStyle = field(default_factory=SingingStyle)


@dataclass(frozen=True, slots=True, kw_only=True)
class SungWaveform:
    """One synthesized phrase.

    Shape:
        waveform  [L]  as long as the phrase
        f0_hz     [T]  0 where unvoiced
    """

    waveform: Waveform
    f0_hz: F0
    aligned: AlignedPhrase


@runtime_checkable
class SingingModel(Protocol):
    """Model that synthesizes singing."""

    @property
    def name(self) -> str:
        """Name of the bundle."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and of the settings that affect the output."""

    def encode_voice(self, prompt: Waveform) -> Any:
        """Encode a voice prompt; raises PromptError if it is unusable."""

    def pitch_range(self, voice: Any) -> PitchRange:
        """Median and spread of the voice's F0."""

    def sing(self, requests: Sequence[SingingRequest]) -> list[SungWaveform]:
        """Synthesize a batch of phrases; each result is independent of the batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSong:
    """Song rendered in one voice.

    Shape:
        f0_hz  [T]  0 where unvoiced
    """

    waveform: Waveform
    f0_hz: F0
    semitones: float
    """Transposition from the score."""
    phrases: tuple[AlignedPhrase, ...]


Transposition = Literal["octave"] | float
"""Transposition of a song: a number of semitones, or the whole octaves that fit the voice best."""


def parse_transposition(text: str) -> Transposition:
    """Parse `octave` or a number of semitones.

    Raises:
        InputError: the text is neither `octave` nor a number from -48 to 48.
    """
    if text == "octave":
        return "octave"
    try:
        semitones = float(text)
    except ValueError:
        semitones = float("nan")
    if not -48 <= semitones <= 48:
        raise InputError(
            "The transposition is invalid", expected="octave, or -48 to 48 semitones", got=repr(text[:40]),
            fix="correct --transpose or the column transpose",
        )  # fmt: skip
    return semitones


def octaves_towards(pitch: float, target_pitch: float) -> float:
    """Transposition by whole octaves, in semitones, that moves a MIDI pitch closest to `target_pitch`."""
    return 12.0 * round((target_pitch - pitch) / 12)


def render_song(
    model: SingingModel,
    song: Song,
    voice: Any,
    *,
    seed: int,
    transposition: Transposition = "octave",
    style: SingingStyle = SingingStyle(),  # noqa: B008 - a frozen value
) -> RenderedSong:
    """Synthesize a song. Memory use is that of a few phrases and the result.

    Args:
        model: singing model.
        song: phrases of the song.
        voice: voice, from the model's `encode_voice`.
        seed: seed of the synthesis noise.
        transposition: number of semitones; `octave` fits the song to the voice by whole octaves.
        style: portamento, vibrato and expression.

    Raises:
        SynthesisError: the song has notes that cannot be rendered, or the model returned samples that are not finite.
    """
    semitones = _semitones(song, model.pitch_range(voice), transposition)
    _check_range(song, semitones)
    samples = np.zeros(song.n_frames * FRAME_HOP_SAMPLES, np.float32)
    f0_hz = np.zeros(song.n_frames * MELS_PER_FRAME, np.float32)
    requests = [
        SingingRequest(phrase=phrase, voice=voice, seed=(seed + number) % (1 << 63), semitones=semitones, style=style)
        for number, phrase in enumerate(song.phrases)
    ]
    aligned: list[AlignedPhrase] = []
    for first in range(0, len(requests), _PHRASES_PER_BATCH):
        batch = requests[first : first + _PHRASES_PER_BATCH]
        for request, sung in zip(batch, model.sing(batch), strict=True):
            at = request.phrase.start_frame
            gated = silence_rests(sung.waveform.samples, sung.aligned.is_rest)
            samples[at * FRAME_HOP_SAMPLES : at * FRAME_HOP_SAMPLES + len(gated)] = gated
            f0_hz[at * MELS_PER_FRAME : at * MELS_PER_FRAME + len(sung.f0_hz)] = sung.f0_hz
            aligned.append(sung.aligned)
    if not np.isfinite(samples).all():
        raise SynthesisError("The model returned samples that are not finite")
    waveform = below_full_scale(Waveform(samples, RATE_HZ))
    return RenderedSong(waveform=waveform, f0_hz=f0_hz, semitones=semitones, phrases=tuple(aligned))


def _semitones(song: Song, speech: PitchRange, transposition: Transposition) -> float:
    if transposition != "octave":
        return float(transposition)
    return octaves_towards(song.median_pitch, hz_to_pitch(speech.median_hz) + ABOVE_SPEECH_SEMITONES)


def _check_range(song: Song, semitones: float) -> None:
    pitches = [note.pitch + semitones for phrase in song.phrases for note in phrase.notes]
    lowest_hz, highest_hz = pitch_to_hz(min(pitches)), pitch_to_hz(max(pitches))
    if lowest_hz < MIN_SUNG_HZ or highest_hz > MAX_SUNG_HZ:
        raise SynthesisError(
            "The song has notes that cannot be rendered",
            expected=f"{MIN_SUNG_HZ:.0f} to {MAX_SUNG_HZ:.0f} Hz",
            got=f"{lowest_hz:.0f} to {highest_hz:.0f} Hz",
            fix="transpose it",
        )


def silence_rests(samples: Samples, is_rest: npt.NDArray[np.bool_]) -> Samples:
    """Silence the rests of a phrase, with fades of 30 ms inside them.

    Args:
        samples: waveform of the phrase.
        is_rest: mask of the frames to silence.

    Shape:
        samples  [L]        16 kHz
        is_rest  [L / 320]  20 ms frames
    """
    n_fade = round(_FADE_S * RATE_HZ)
    sounding = np.repeat(~is_rest, FRAME_HOP_SAMPLES).astype(np.float32)[: len(samples)]
    # The fade reaches into the rest on either side, so that nothing of the neighbouring phones is cut.
    kernel = np.hanning(2 * n_fade + 1).astype(np.float32)
    reached = np.minimum(1.0, np.convolve(sounding, kernel / kernel.sum(), mode="same") * 2)
    gated: Samples = samples * np.maximum(sounding, reached).astype(np.float32)
    return gated
