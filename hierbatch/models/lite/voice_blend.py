"""Blend of voices: weighted means of their styles, F0 and long-term spectra, and prompt frames of each.

The attention to prompt frames reads similar sounds of every blended voice; frames are taken in proportion to the
weights, and each voice's frames are first moved to the common long-term spectrum.

Legend: P prompt frames (50/s), M mel bands, S style.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from hierbatch.constants import FRAMES_PER_SECOND, MELS_PER_FRAME
from hierbatch.errors import InputError
from hierbatch.models.lite.prompt_statistics import Floats, LongTermSpectrum, measure_spectrum, move_spectrum
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.prompt import MAX_PROMPT_S

_MAX_FRAMES = int(MAX_PROMPT_S * FRAMES_PER_SECOND)
_MIN_FRAMES = 10


def normalize_weights(weights: Sequence[float]) -> tuple[float, ...]:
    """Divide weights by their sum.

    Raises:
        InputError: there are no weights, or one is not positive and finite.
    """
    if not weights or not all(math.isfinite(weight) and weight > 0 for weight in weights):
        raise InputError(
            "Weights have to be positive",
            expected="numbers above 0",
            got=", ".join(f"{weight:g}" for weight in weights),
            fix="give each voice a weight above 0, or leave it out",
        )
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)


def blend_voices(voices: Sequence[LiteVoice], weights: Sequence[float]) -> LiteVoice:
    """Blend voices; a voice that occurs twice counts with the sum of its weights.

    Raises:
        InputError: there are no weights, or one is not positive and finite.
        ValueError: the numbers of voices and weights differ.
    """
    shares: dict[str, float] = {}
    by_hash: dict[str, LiteVoice] = {}
    for voice, weight in zip(voices, normalize_weights(weights), strict=True):
        shares[voice.sha256] = shares.get(voice.sha256, 0.0) + weight
        by_hash[voice.sha256] = voice
    if len(by_hash) == 1:
        return voices[0]
    parts = [(by_hash[key], share) for key, share in sorted(shares.items())]
    spectra = [measure_spectrum(voice.mel) for voice, _ in parts]
    target = LongTermSpectrum(
        _mean([spectrum.mean for spectrum in spectra], parts), _mean([spectrum.spread for spectrum in spectra], parts)
    )
    counts = _frame_counts(parts)
    semantic = np.concatenate([voice.semantic[:n] for (voice, _), n in zip(parts, counts, strict=True)])
    frames = np.concatenate(
        [move_spectrum(voice.mel, target)[: n * MELS_PER_FRAME] for (voice, _), n in zip(parts, counts, strict=True)]
    )
    return LiteVoice(
        text_style=_mean([voice.text_style for voice, _ in parts], parts),
        sound_style=_mean([voice.sound_style for voice, _ in parts], parts),
        semantic=semantic,
        mel=move_spectrum(frames, target),
        median_f0_hz=_geometric_mean([voice.median_f0_hz for voice, _ in parts], parts),
        f0_spread_semitones=sum(voice.f0_spread_semitones * share for voice, share in parts),
        sha256=hashlib.sha256(repr(sorted(shares.items())).encode()).hexdigest(),
        speed=_geometric_mean([voice.speed for voice, _ in parts], parts),
        prosody=sum(voice.prosody * share for voice, share in parts),
        breathiness=sum(voice.breathiness * share for voice, share in parts),
    )


def _frame_counts(parts: Sequence[tuple[LiteVoice, float]]) -> list[int]:
    """Number of prompt frames of each voice, in proportion to its share; in total, at most about `MAX_PROMPT_S`."""
    total = min(_MAX_FRAMES, *(len(voice.semantic) / share for voice, share in parts))
    return [min(len(voice.semantic), max(_MIN_FRAMES, round(total * share))) for voice, share in parts]


def _mean(arrays: Sequence[Floats], parts: Sequence[tuple[LiteVoice, float]]) -> Floats:
    total = sum(array.astype(np.float64) * share for array, (_, share) in zip(arrays, parts, strict=True))
    return np.asarray(total, np.float32)


def _geometric_mean(values: Sequence[float], parts: Sequence[tuple[LiteVoice, float]]) -> float:
    return math.exp(math.fsum(math.log(value) * share for value, (_, share) in zip(values, parts, strict=True)))
