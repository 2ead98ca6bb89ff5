"""Pass band, aliasing and processor time of the sampling rate conversion, as a table.

The time is a ratio within one run, to a polyphase Kaiser filter with the same stop band (SciPy's `upfirdn`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from scipy import signal

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform

PAIRS_HZ = ((16_000, 24_000), (16_000, 44_100), (16_000, 48_000), (24_000, 16_000), (44_100, 16_000), (48_000, 16_000))
_EDGE = slice(4_000, -4_000)
_STOP_BAND_DB, _HALF_WIDTH = 90.0, 96
"""Rejection and zero crossings on each side of the reference filter."""


def main() -> None:
    print("| rates, Hz | gain error up to 90 % of the lower Nyquist, dB | highest alias, dB | time, Kaiser = 1 |")
    print("| --- | --- | --- | --- |")
    for from_hz, to_hz in PAIRS_HZ:
        alias = f"{highest_alias_db(from_hz, to_hz):.0f}" if from_hz > to_hz else ""
        gain, ratio = gain_error_db(from_hz, to_hz), time_ratio(from_hz, to_hz)
        print(f"| {from_hz} to {to_hz} | {gain:.3f} | {alias} | {ratio:.2f} |")


def gain_error_db(from_hz: int, to_hz: int) -> float:
    """Largest deviation of the gain of sines up to 90 % of the lower Nyquist frequency, in dB."""
    nyquist_hz = min(from_hz, to_hz) / 2
    gains = [
        _rms(_converted_sine(share * nyquist_hz, from_hz, to_hz)) * math.sqrt(2) for share in np.linspace(0.05, 0.9, 18)
    ]
    return max(abs(20 * math.log10(gain)) for gain in gains)


def highest_alias_db(from_hz: int, to_hz: int) -> float:
    """Level of the loudest alias of full-scale sines above the new Nyquist frequency, in dB."""
    frequencies_hz = np.linspace(to_hz / 2, 0.98 * from_hz / 2, 25)
    return max(
        20 * math.log10(_rms(_converted_sine(hz, from_hz, to_hz)) * math.sqrt(2) + 1e-12) for hz in frequencies_hz
    )


def time_ratio(from_hz: int, to_hz: int, duration_s: float = 20.0) -> float:
    """Processor time of a conversion, as a share of the Kaiser filter's on the same noise; medians of five."""
    noise = np.random.default_rng(0).standard_normal(round(duration_s * from_hz)).astype(np.float32)
    common = math.gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    kernel = _kaiser_kernel(up, down)
    works: Sequence[Callable[[], object]] = (
        lambda: resample(Waveform(noise, from_hz), to_hz),
        lambda: signal.upfirdn(kernel, noise, up, down),
    )
    times_s = np.array([[_cpu_s(work) for work in works] for _ in range(5)])
    ours, reference = np.median(times_s, axis=0)
    return float(ours / reference)


def _kaiser_kernel(up: int, down: int) -> Samples:
    factor = max(up, down)
    half = _HALF_WIDTH * factor
    transition = (_STOP_BAND_DB - 7.95) / (2.285 * math.pi * 2 * half)
    window = ("kaiser", signal.kaiser_beta(_STOP_BAND_DB))
    kernel: Samples = (up * signal.firwin(2 * half + 1, 1 / factor - transition / 2, window=window)).astype(np.float32)
    return kernel


def _converted_sine(frequency_hz: float, from_hz: int, to_hz: int) -> Samples:
    sine = np.sin(2 * np.pi * frequency_hz * np.arange(from_hz) / from_hz).astype(np.float32)
    return resample(Waveform(sine, from_hz), to_hz).samples[_EDGE]


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean()))


def _cpu_s(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
