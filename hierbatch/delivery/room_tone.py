"""Room tone that all chapters of a book share: it is generated once, and every chapter reads it from the start."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from hierbatch.audio.joining import RoomTone
from hierbatch.audio.waveform import Samples
from hierbatch.storage import storage_error

_BLOCK_SAMPLES = 1 << 18


class SharedRoomTone:
    """Samples of a `RoomTone` in a file, which several threads can read at any position.

    Args:
        path: file for the samples; it grows to the length of the longest chapter.
        rate_hz: sampling rate.
        level_db: RMS in dB re full scale.
    """

    def __init__(self, path: Path, rate_hz: int, level_db: float) -> None:
        self._path = path
        self._tone = RoomTone(rate_hz, level_db)
        self._n_generated = 0
        self._lock = threading.Lock()

    def read(self, start: int, n_samples: int) -> Samples:
        """Read samples from position `start`, generating them if needed; raises StorageError if the disk is full."""
        try:
            with self._lock:
                self._generate(start + n_samples)
            return np.fromfile(self._path, "<f4", n_samples, offset=4 * start)
        except OSError as error:
            raise storage_error(error, self._path) from error

    def _generate(self, n_samples: int) -> None:
        if n_samples <= self._n_generated:
            return
        with self._path.open("ab") as file:
            while self._n_generated < n_samples:
                file.write(self._tone.generate(_BLOCK_SAMPLES).astype("<f4").data)
                self._n_generated += _BLOCK_SAMPLES
