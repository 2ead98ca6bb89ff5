"""Voice activity detection with Silero VAD (package `silero-vad`, MIT; its weights are part of the package)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ

_THRESHOLD = 0.4
"""Slightly below the package's default of 0.5: a missed word would keep the voice of the source."""
_MIN_SPEECH_MS, _MIN_PAUSE_MS, _PAD_MS = 100, 300, 100
_WINDOW_SAMPLES = 512


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A time interval."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


class SpeechDetector:
    """Finds the speech in recordings. One detector serves any number of them."""

    def __init__(self) -> None:
        import torch  # imported late: code that only needs time intervals runs without torch

        n_threads = torch.get_num_threads()
        try:
            import silero_vad  # its import changes the number of threads of the whole process
        finally:
            torch.set_num_threads(n_threads)
        self._find: Any = silero_vad.get_speech_timestamps
        with warnings.catch_warnings():
            # The package loads a TorchScript file, and torch warns that this format is deprecated.
            warnings.filterwarnings("ignore", message=".*torch.jit.load.*", category=FutureWarning)
            warnings.filterwarnings("ignore", message="path is deprecated", category=DeprecationWarning)
            self._network: Any = silero_vad.load_silero_vad()
        self._tensor = torch.from_numpy

    def find(self, waveform: Waveform) -> tuple[TimeSpan, ...]:
        """Find the intervals of speech, in order of time and without overlap.

        Each has a margin of 0.1 s; pauses under 0.3 s do not end an interval.
        """
        sound = resample(waveform, RATE_HZ)
        if sound.n_samples < _WINDOW_SAMPLES:
            return ()
        intervals = self._find(
            self._tensor(sound.samples),
            self._network,
            threshold=_THRESHOLD,
            sampling_rate=RATE_HZ,
            min_speech_duration_ms=_MIN_SPEECH_MS,
            min_silence_duration_ms=_MIN_PAUSE_MS,
            speech_pad_ms=_PAD_MS,
        )
        end_s = waveform.duration_s
        return tuple(
            TimeSpan(interval["start"] / RATE_HZ, min(end_s, interval["end"] / RATE_HZ)) for interval in intervals
        )
