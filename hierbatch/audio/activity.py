"""When somebody speaks: Silero's voice activity detector (the package silero-vad, MIT), whose weights are inside it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.units import RATE_HZ

_THRESHOLD = 0.4
"""A little under the package's own 0.5: a word that is missed would be left in the old voice."""
_SHORTEST_SPEECH_MS, _SHORTEST_PAUSE_MS, _PAD_MS = 100, 300, 100
_WINDOW_SAMPLES = 512


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


class SpeechDetector:
    """Finds speech; loaded once, used for many recordings."""

    def __init__(self) -> None:
        import torch  # here: whoever only names spans of time has no use for it

        n_threads = torch.get_num_threads()
        try:
            import silero_vad  # sets the number of threads of the whole process when it is imported
        finally:
            torch.set_num_threads(n_threads)
        self._find: Any = silero_vad.get_speech_timestamps
        with warnings.catch_warnings():
            # The package loads TorchScript, which torch warns that it will drop.
            warnings.filterwarnings("ignore", message=".*torch.jit.load.*", category=FutureWarning)
            warnings.filterwarnings("ignore", message="path is deprecated", category=DeprecationWarning)
            self._network: Any = silero_vad.load_silero_vad()
        self._tensor = torch.from_numpy

    def find(self, waveform: Waveform) -> tuple[Span, ...]:
        """Stretches of speech in order, with a tenth of a second of margin, none overlapping; pauses under 0.3 s stay
        inside."""
        sound = resample(waveform, RATE_HZ)
        if sound.n_samples < _WINDOW_SAMPLES:
            return ()
        found = self._find(
            self._tensor(sound.samples),
            self._network,
            threshold=_THRESHOLD,
            sampling_rate=RATE_HZ,
            min_speech_duration_ms=_SHORTEST_SPEECH_MS,
            min_silence_duration_ms=_SHORTEST_PAUSE_MS,
            speech_pad_ms=_PAD_MS,
        )
        last_s = waveform.duration_s
        return tuple(Span(one["start"] / RATE_HZ, min(last_s, one["end"] / RATE_HZ)) for one in found)
