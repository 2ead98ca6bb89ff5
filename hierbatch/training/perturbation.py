"""Perturbation of recordings, to remove speaker and pitch from content features (Choi et al. 2021, NANSY).

Formants are shifted, the pitch is transposed and its range scaled, and the spectrum is shaped by a random equalizer.
The distributions are those of the implementation to which the authors of HierSpeech++ refer. That implementation
analyzes and synthesizes with Praat; here WORLD is used.
Legend: L samples, T frames (200/s), K bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.level import to_speech_level
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import RATE_HZ

Floats = npt.NDArray[np.float64]

_PERIOD_MS = 5.0
_MIN_F0_HZ, _MAX_F0_HZ = 50.0, 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbationSettings:
    """Limits of the random changes. Each ratio is drawn between 1 and its limit, and inverted with probability 1/2."""

    formant_ratio: float = 1.4
    pitch_ratio: float = 2.0
    pitch_range_ratio: float = 1.5
    gain_db: float = 12.0
    """Largest gain or attenuation of an equalizer band."""
    n_peaks: int = 8
    low_edge_hz: float = 60.0
    high_edge_hz: float = 7000.0
    """Center of the high shelf; 10 kHz in the original, which has a sampling rate of 22.05 kHz."""
    quality_range: tuple[float, float] = (2.0, 5.0)
    """Range of the equalizer's quality factors, which are drawn on a logarithmic scale."""


def perturb(
    samples: Samples,
    random: np.random.Generator,
    settings: PerturbationSettings = PerturbationSettings(),  # noqa: B008 - a frozen value
) -> Samples:
    """Perturb a recording at 16 kHz; the result has the same length and is scaled to speech level.

    Args:
        samples: the recording.
        random: random generator.
        settings: limits of the random changes.

    Shape:
        samples  [L]
        returns  [L]
    """
    formants, pitch, pitch_range = (
        draw_ratio(random, limit)
        for limit in (settings.formant_ratio, settings.pitch_ratio, settings.pitch_range_ratio)
    )
    voice = change_voice(samples.astype(np.float64), formants, pitch, pitch_range)
    shaped = np.clip(equalize(voice, random, settings), -1, 1).astype(np.float32)
    return to_speech_level(Waveform(shaped, RATE_HZ)).samples


def draw_ratio(random: np.random.Generator, limit: float) -> float:
    """Draw a ratio between 1 and `limit`, and invert it with probability 1/2."""
    ratio = random.uniform(1.0, limit)
    return float(ratio if random.random() < 0.5 else 1 / ratio)


def change_voice(samples: Floats, formants: float, pitch: float, pitch_range: float) -> Floats:
    """Shift formants and change the pitch by analysis and synthesis with WORLD.

    Args:
        samples: the recording at 16 kHz.
        formants: factor for the frequencies of the spectral envelope.
        pitch: factor for the median F0.
        pitch_range: factor for the distance of F0 from its median in semitones.

    Shape:
        samples  [L]
        returns  [L]
    """
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
        import pyworld

    coarse_hz, times_s = pyworld.dio(samples, RATE_HZ, frame_period=_PERIOD_MS)
    f0_hz = pyworld.stonemask(samples, coarse_hz, times_s, RATE_HZ)
    envelope = pyworld.cheaptrick(samples, f0_hz, times_s, RATE_HZ)
    aperiodicity = pyworld.d4c(samples, f0_hz, times_s, RATE_HZ)
    changed_hz = change_pitch(f0_hz, pitch, pitch_range)
    warped = warp_envelope(envelope, formants)
    made = pyworld.synthesize(changed_hz, warped, warp_envelope(aperiodicity, formants), RATE_HZ, _PERIOD_MS)
    changed: Floats = np.pad(made, (0, max(0, len(samples) - len(made))))[: len(samples)]
    return changed


def change_pitch(f0_hz: Floats, pitch: float, pitch_range: float) -> Floats:
    """Transpose F0 and scale its range around the median; unvoiced frames stay 0. Shape: f0_hz [T] -> [T]."""
    is_voiced = f0_hz > 0
    if not is_voiced.any():
        return f0_hz
    median_hz = np.median(f0_hz[is_voiced])
    changed = np.zeros_like(f0_hz)
    ratio = (f0_hz[is_voiced] / median_hz) ** pitch_range
    changed[is_voiced] = np.clip(median_hz * pitch * ratio, _MIN_F0_HZ, _MAX_F0_HZ)
    return changed


def warp_envelope(envelope: Floats, ratio: float) -> Floats:
    """Stretch the frequency axis by a ratio; the last bin is repeated beyond the end. Shape: [T, K] -> [T, K]."""
    bins = np.arange(envelope.shape[1])
    source = np.minimum(bins / ratio, bins[-1])
    first = np.minimum(source.astype(np.int64), bins[-1] - 1)
    weight = source - first
    warped: Floats = np.ascontiguousarray(envelope[:, first] * (1 - weight) + envelope[:, first + 1] * weight)
    return warped


def equalize(samples: Floats, random: np.random.Generator, settings: PerturbationSettings) -> Floats:
    """Shape the spectrum by a random parametric equalizer, without delay.

    Args:
        samples: the recording at 16 kHz.
        random: random generator for gains and quality factors.
        settings: limits of the gains and quality factors.

    Shape:
        samples  [L]
        returns  [L]
    """
    frequencies_hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ).astype(np.float64)
    shaped: Floats = np.fft.irfft(
        np.fft.rfft(samples) * equalizer_response(frequencies_hz, random, settings), len(samples)
    )
    return shaped


def equalizer_response(frequencies_hz: Floats, random: np.random.Generator, settings: PerturbationSettings) -> Floats:
    """Magnitude response of a random equalizer: low shelf, peaks at geometrically spaced frequencies, and high shelf.

    Args:
        frequencies_hz: frequencies at which to evaluate the response.
        random: random generator for gains and quality factors.
        settings: limits of the gains and quality factors.

    Shape:
        frequencies_hz  [K]
        returns         [K]
    """
    centres_hz = np.geomspace(settings.low_edge_hz, settings.high_edge_hz, settings.n_peaks + 2)
    gains_db = random.uniform(-settings.gain_db, settings.gain_db, len(centres_hz))
    lowest, highest = settings.quality_range
    qualities = lowest * (highest / lowest) ** random.uniform(0, 1, len(centres_hz))
    response = np.ones_like(frequencies_hz)
    kinds = ["low", *["peak"] * settings.n_peaks, "high"]
    for kind, centre_hz, gain_db, quality in zip(kinds, centres_hz, gains_db, qualities, strict=True):
        response *= _biquad_magnitude(frequencies_hz, kind, centre_hz, gain_db, quality)
    return response


def _biquad_magnitude(frequencies_hz: Floats, kind: str, centre_hz: float, gain_db: float, quality: float) -> Floats:
    """Magnitude response of a `low` shelf, a `peak` or a `high` shelf (Bristow-Johnson, Audio EQ Cookbook)."""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * centre_hz / RATE_HZ
    alpha, cosine, root = np.sin(w) / (2 * quality), np.cos(w), np.sqrt(a)
    if kind == "peak":
        above, below = (1 + alpha * a, -2 * cosine, 1 - alpha * a), (1 + alpha / a, -2 * cosine, 1 - alpha / a)
    else:
        sign = 1 if kind == "low" else -1
        above = (
            a * ((a + 1) - sign * (a - 1) * cosine + 2 * root * alpha),
            sign * 2 * a * ((a - 1) - sign * (a + 1) * cosine),
            a * ((a + 1) - sign * (a - 1) * cosine - 2 * root * alpha),
        )
        below = (
            (a + 1) + sign * (a - 1) * cosine + 2 * root * alpha,
            sign * -2 * ((a - 1) + sign * (a + 1) * cosine),
            (a + 1) + sign * (a - 1) * cosine - 2 * root * alpha,
        )
    z = np.exp(-2j * np.pi * frequencies_hz / RATE_HZ)
    magnitude: Floats = np.abs(
        (above[0] + above[1] * z + above[2] * z**2) / (below[0] + below[1] * z + below[2] * z**2)
    )
    return magnitude
