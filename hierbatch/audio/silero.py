"""Silero VAD at 16 kHz (package `silero-vad`, MIT) in NumPy: the weights are those inside the package.

Importing the package would load torch, which a process that only plans a run does not need.

Legend: T windows of 512 samples (31.25/s).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from hierbatch.audio.waveform import Samples
from hierbatch.errors import ProgramError

WINDOW_SAMPLES = 512
_CONTEXT_SAMPLES, _REFLECTED_SAMPLES = 64, 64
_FFT_SAMPLES, _FFT_HOP_SAMPLES = 256, 128
_N_BINS = _FFT_SAMPLES // 2 + 1
_BLOCK_WINDOWS = 512
_STRIDES = {"conv1": 1, "conv2": 2, "conv3": 2, "conv4": 1}

Array = npt.NDArray[np.float32]


class SileroNetwork:
    """Network that computes the probability of speech in each window; one instance serves any number of sounds."""

    def __init__(self) -> None:
        self._weights: dict[str, Array] = load_file(_weights_file())

    def speech_probabilities(self, samples: Samples) -> Array:
        """Probability of speech in each window; the last window is padded with zeros.

        Shape:
            samples  [L]  at 16 kHz
            returns  [T]  T = L / 512, rounded up
        """
        n_windows = -(-len(samples) // WINDOW_SAMPLES)
        hidden = cell = np.zeros(128, np.float32)
        found = np.zeros(n_windows, np.float32)
        for first in range(0, n_windows, _BLOCK_WINDOWS):
            last = min(n_windows, first + _BLOCK_WINDOWS)
            block = samples[max(0, first * WINDOW_SAMPLES - _CONTEXT_SAMPLES) : last * WINDOW_SAMPLES]
            padded = np.zeros(_CONTEXT_SAMPLES + (last - first) * WINDOW_SAMPLES, np.float32)
            at = 0 if first else _CONTEXT_SAMPLES
            padded[at : at + len(block)] = block
            windows = np.lib.stride_tricks.sliding_window_view(padded, _CONTEXT_SAMPLES + WINDOW_SAMPLES)
            states, hidden, cell = self._recur(self._encode(windows[::WINDOW_SAMPLES]), hidden, cell)
            logits = np.maximum(states, 0) @ self._weights["final_conv.weight"][0, :, 0]
            found[first:last] = _sigmoid(logits + self._weights["final_conv.bias"])
        return found

    def _encode(self, windows: Array) -> Array:
        extended = np.pad(windows, ((0, 0), (0, _REFLECTED_SAMPLES)), "reflect")
        frames = np.lib.stride_tricks.sliding_window_view(extended, _FFT_SAMPLES, axis=1)[:, ::_FFT_HOP_SAMPLES]
        spectrum = frames @ self._weights["stft_conv.weight"][:, 0].T
        magnitudes = np.sqrt(spectrum[..., :_N_BINS] ** 2 + spectrum[..., _N_BINS:] ** 2)
        features: Array = magnitudes.transpose(0, 2, 1)
        for name, stride in _STRIDES.items():
            features = np.maximum(self._convolve(features, name, stride), 0)
        return features[:, :, 0]

    def _convolve(self, features: Array, name: str, stride: int) -> Array:
        padded = np.pad(features, ((0, 0), (0, 0), (1, 1)))
        taps = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=2)[:, :, ::stride]
        convolved: Array = np.einsum("bitk,oik->bot", taps, self._weights[f"{name}.weight"], optimize=True)
        return convolved + self._weights[f"{name}.bias"][:, None]

    def _recur(self, inputs: Array, hidden: Array, cell: Array) -> tuple[Array, Array, Array]:
        """Run the LSTM layer over all windows; return its outputs, and its last hidden and cell states."""
        recurrent = np.ascontiguousarray(self._weights["lstm_cell.weight_hh"])
        driven = inputs @ self._weights["lstm_cell.weight_ih"].T
        driven += self._weights["lstm_cell.bias_ih"] + self._weights["lstm_cell.bias_hh"]
        states = np.zeros((len(inputs), len(hidden)), np.float32)
        for i, drive in enumerate(driven):
            gates = drive + recurrent @ hidden
            admit, keep, _, emit = np.split(_sigmoid(gates), 4)
            cell = keep * cell + admit * np.tanh(gates[256:384])
            hidden = states[i] = emit * np.tanh(cell)
        return states, hidden, cell


def _sigmoid(values: Array) -> Array:
    shares: Array = np.float32(0.5) * np.tanh(np.float32(0.5) * values) + np.float32(0.5)
    return shares


def _weights_file() -> Path:
    package = importlib.util.find_spec("silero_vad")  # found without being imported
    if package is None or package.origin is None:
        raise ProgramError("The package silero-vad is missing", fix="pip install silero-vad")
    path = Path(package.origin).parent / "data" / "silero_vad_16k.safetensors"
    if not path.is_file():
        raise ProgramError(
            "The package silero-vad has no weights", expected=str(path), fix="pip install --upgrade silero-vad"
        )
    return path
