"""Inaudible watermark in synthetic speech, by the network of Resemble AI's Perth (extra `watermark`).

The network marks magnitudes below 2 kHz in sound at 32 kHz. Here only the difference that the network makes is added to
the sound, at the sound's own rate, so that higher frequencies stay unchanged. The mark survives MP3 and resampling; it
is lost when the speed changes.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hierbatch.audio.decoding import open_file
from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import ProgramError, RunError
from hierbatch.programs import require_package

NETWORK_RATE_HZ = 32_000
DETECTED_FROM = 0.8
"""Mean output of the detector from which a sound counts as marked: near 1 for marked sounds, near 0 for others."""
_WINDOW_S, _CONTEXT_S = 30.0, 0.5
_MAX_WINDOWS = 8
_SILENT_RMS = 1e-4
_FIX = "pip install 'hierbatch[watermark]'"


class Watermarker:
    """Network that marks sounds and finds the mark.

    Raises:
        ProgramError: Perth or a package that it needs is missing.
    """

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
            perth = require_package("perth", extra="watermark")
        network = getattr(perth, "PerthImplicitWatermarker", None)
        if network is None:  # its package hides the error of an import
            raise ProgramError("Perth cannot be loaded", expected="librosa and setuptools below 81", fix=_FIX)
        with contextlib.redirect_stdout(io.StringIO()):  # it prints its training step
            self._network: Any = network()

    def mark(self, sound: Waveform) -> Waveform:
        """Return the sound with the mark, at the same rate and length; silence stays silence."""
        step, context = (round(seconds * sound.rate_hz) for seconds in (_WINDOW_S, _CONTEXT_S))
        marked = sound.samples.copy()
        for start in range(0, sound.n_samples, step):
            first = max(0, start - context)
            window = Waveform(sound.samples[first : start + step + context], sound.rate_hz)
            difference = self._difference(window)[start - first :][:step]
            marked[start : start + len(difference)] += difference
        return Waveform(marked, sound.rate_hz)

    def mark_flac(self, content: bytes) -> bytes:
        """Mark an encoded sound; the result is FLAC at the same rate.

        Raises:
            InputError: the content is not audio.
            RunError: the mark is not found in the result.
        """
        marked = self.mark(read_sound(content))
        if (found := self.detect(marked)) < DETECTED_FROM:
            raise _not_found("an utterance", found)
        return encode_sound(marked)

    def detect(self, sound: Waveform) -> float:
        """Mean output of the detector: near 1 for a marked sound, near 0 for others; 0 for silence."""
        step = round(_WINDOW_S * sound.rate_hz)
        found, weights = [], []
        for start in range(0, sound.n_samples, step):
            window = Waveform(sound.samples[start : start + step], sound.rate_hz)
            if _rms(window.samples) > _SILENT_RMS:
                value = self._network.get_watermark(_at_network_rate(window), NETWORK_RATE_HZ, round=False)
                found.append(float(np.nan_to_num(np.mean(value))))
                weights.append(window.n_samples)
        return float(np.average(found, weights=weights)) if found else 0.0

    def detect_file(self, path: Path) -> float:
        """Mean output of the detector over the first four minutes of a file, or all of a shorter one, mixed to mono.

        Raises:
            InputError: the file is missing or is not audio.
        """
        blocks: list[Samples] = []
        n_samples = 0
        with open_file(path) as decoded:
            limit = int(_MAX_WINDOWS * _WINDOW_S * decoded.rate_hz)
            for block in decoded.blocks:
                blocks.append(block.mean(axis=1))
                n_samples += len(block)
                if n_samples >= limit:
                    break
            rate_hz = decoded.rate_hz
        samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        return self.detect(Waveform(samples[:limit], rate_hz))

    def check_marked(self, path: Path) -> None:
        """Raise an error unless the mark is found in a file.

        Raises:
            InputError: the file is missing or is not audio.
            RunError: the mark is not found.
        """
        found = self.detect_file(path)
        if found < DETECTED_FROM:
            raise _not_found(path.name, found)

    def _difference(self, window: Waveform) -> Samples:
        """Difference that the mark makes to a window, at the window's rate and length."""
        difference = np.zeros(window.n_samples, np.float32)
        if _rms(window.samples) <= _SILENT_RMS:
            return difference
        wide = _at_network_rate(window)
        network = self._network.perth_net
        padded = np.pad(wide, (0, -len(wide) % network.hp.hop_size + network.hp.n_fft))
        marked = np.asarray(self._network.apply_watermark(padded, NETWORK_RATE_HZ), np.float32)
        plain = _resynthesized(network, padded)
        n_samples = min(len(marked), len(plain), len(wide))
        narrow = resample(Waveform(marked[:n_samples] - plain[:n_samples], NETWORK_RATE_HZ), window.rate_hz).samples
        difference[: len(narrow)] = narrow[: len(difference)]
        return difference


def _not_found(name: str, found: float) -> RunError:
    return RunError(
        f"The watermark is not found in {name}, so nothing is delivered",
        expected=f"a detector output of at least {DETECTED_FROM}",
        got=f"{found:.2f}",
        fix="deliver without --watermark; very short or quiet sounds cannot hold it",
    )


def _at_network_rate(window: Waveform) -> npt.NDArray[np.float32]:
    return resample(window, NETWORK_RATE_HZ).samples


def _resynthesized(network: Any, samples: Samples) -> Samples:
    """Convert samples to the network's spectrogram and back, without a mark."""
    magnitude, phase = network.ap.signal_to_magphase(samples)
    return np.asarray(network.ap.magphase_to_signal(magnitude, phase).detach().cpu().numpy(), np.float32)


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0
