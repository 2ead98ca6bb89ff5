"""Pairs of full-band segments and their 16 kHz inputs for SpeechSR.

The input is resampled with the filter of the published pipeline; by default half of the rows also have a random
low-pass filter.

Legend: B batch, L samples at the output rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.kaiser_resample import kaiser_resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import InputError
from hierbatch.programs import require_package
from hierbatch.training.full_band import FullBandClip
from hierbatch.training.hierspeechpp.speechsr_config import SpeechSRData
from hierbatch.training.trainer.random_state import row_generator

Floats = npt.NDArray[np.float32]

_CONTEXT_SAMPLES = 960
"""Number of samples read on either side of a segment, so that filters have settled inside it."""
_FILTERS = ("butterworth", "chebyshev", "elliptic")
_RIPPLE_DB, _STOP_DB = 0.5, 60.0
_TOP_SHARE = 1e-9
_N_FFT = 2048


@dataclass(frozen=True, slots=True)
class SpeechSRPair:
    """Target segment and its input at 16 kHz. Shapes: target [L], narrowband [L * 16000 / output rate]."""

    target: Floats
    narrowband: Floats


class SpeechSRPairs:
    """Recordings of sufficient bandwidth, with random pairs for training and fixed pairs for validation."""

    def __init__(self, clips: Sequence[FullBandClip], settings: SpeechSRData, rate_hz: int, seed: int) -> None:
        """Choose recordings.

        Args:
            clips: recordings at the output rate.
            settings: length of a segment, and degradation of the input.
            rate_hz: output rate.
            seed: seed of all random choices.

        Raises:
            InputError: no recording has sufficient length and bandwidth.
            ProgramError: SciPy is not installed.
        """
        self._settings, self._rate_hz, self._seed = settings, rate_hz, seed
        n_needed = settings.segment_samples + 2 * _CONTEXT_SAMPLES
        lowest_hz = settings.min_bandwidth * rate_hz / 2
        usable = [clip for clip in clips if len(clip.samples) >= n_needed and bandwidth_hz(clip, rate_hz) >= lowest_hz]
        held_out = [clip for clip in usable if clip.is_held_out]
        self.clips = [clip for clip in usable if not clip.is_held_out]
        if not self.clips:
            raise InputError(
                "No recording can be used to train SpeechSR",
                expected=f"recordings of {n_needed / rate_hz:.2g} s or more with a band of {lowest_hz:.0f} Hz or more",
                got=f"{len(clips)} recordings, none of them usable",
                fix="add recordings, or lower data.min_bandwidth in the configuration",
            )
        self._by_speaker: dict[str, list[FullBandClip]] = defaultdict(list)
        for clip in self.clips:
            self._by_speaker[clip.speaker].append(clip)
        self._speakers = sorted(self._by_speaker)
        self.held_out = (held_out or self.clips)[: settings.validation_rows]
        self.n_frames = sum(len(clip.samples) for clip in self.clips)

    def pair(self, step: int, row: int) -> SpeechSRPair:
        """Draw the pair for a row of a step; speakers are equally likely."""
        random = row_generator(self._seed, step, row)
        clips = self._by_speaker[self._speakers[int(random.integers(len(self._speakers)))]]
        return self._pair_of(clips[int(random.integers(len(clips)))], random, is_degraded=True)

    def held_out_pairs(self) -> list[SpeechSRPair]:
        """Pairs of the held-out recordings, without random filters and gains; every call returns the same pairs."""
        return [
            self._pair_of(clip, row_generator(self._seed, 2**31 - 1, row), is_degraded=False)
            for row, clip in enumerate(self.held_out)
        ]

    def _pair_of(self, clip: FullBandClip, random: np.random.Generator, *, is_degraded: bool) -> SpeechSRPair:
        n_segment = self._settings.segment_samples
        n_read = n_segment + 2 * _CONTEXT_SAMPLES
        start = int(random.integers(len(clip.samples) - n_read + 1))
        samples = clip.samples[start : start + n_read].astype(np.float32) / 32768.0
        filtered = samples
        if is_degraded:
            limit = self._settings.gain_db
            samples = samples * np.float32(10 ** (random.uniform(-limit, limit) / 20))
            filtered = self._low_pass(samples, random)
        narrowband = kaiser_resample(Waveform(filtered, self._rate_hz), RATE_HZ).samples
        n_context = _CONTEXT_SAMPLES * RATE_HZ // self._rate_hz
        n_input = n_segment * RATE_HZ // self._rate_hz
        return SpeechSRPair(
            samples[_CONTEXT_SAMPLES : _CONTEXT_SAMPLES + n_segment], narrowband[n_context : n_context + n_input]
        )

    def _low_pass(self, samples: Floats, random: np.random.Generator) -> Floats:
        settings = self._settings
        kind, is_filtered = _FILTERS[int(random.integers(3))], random.random() < settings.low_pass_share
        first, last = settings.low_pass_orders
        lowest_hz, highest_hz = settings.low_pass_hz
        order, cutoff_hz = int(random.integers(first, last + 1)), random.uniform(lowest_hz, highest_hz)
        if not is_filtered:
            return samples
        edge = cutoff_hz / (self._rate_hz / 2)
        signal = require_package("scipy.signal", extra="training")
        if kind == "butterworth":
            sections = signal.butter(order, edge, output="sos")
        elif kind == "chebyshev":
            sections = signal.cheby1(order, _RIPPLE_DB, edge, output="sos")
        else:
            sections = signal.ellip(order, _RIPPLE_DB, _STOP_DB, edge, output="sos")
        # Forwards and backwards, so that the input is not later than the target.
        filtered: Floats = signal.sosfiltfilt(sections, samples).astype(np.float32)
        return filtered


def bandwidth_hz(clip: FullBandClip, rate_hz: int) -> float:
    """Highest frequency in Hz whose mean power is at most 90 dB below the maximum; 0 for silence and very short sounds.

    Raises:
        ProgramError: SciPy is not installed.
    """
    samples = clip.samples[: 20 * rate_hz].astype(np.float32)
    if len(samples) < _N_FFT or not samples.any():
        return 0.0
    signal = require_package("scipy.signal", extra="training")
    frequencies_hz, power = signal.welch(samples, rate_hz, nperseg=_N_FFT)
    return float(frequencies_hz[np.flatnonzero(power > _TOP_SHARE * power.max())[-1]])
