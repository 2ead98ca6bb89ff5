"""Voice activity detection with Silero VAD."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from hierbatch.audio.resample import resample
from hierbatch.audio.silero import WINDOW_SAMPLES, Array, SileroNetwork
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ

_THRESHOLD = 0.4
"""Speech probability that starts an interval; below the 0.5 of `silero-vad`, since missed speech stays unconverted."""
_END_THRESHOLD = _THRESHOLD - 0.15
_MIN_SPEECH_SAMPLES, _MIN_PAUSE_SAMPLES, _PAD_SAMPLES = (round(RATE_HZ * s) for s in (0.1, 0.3, 0.1))


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """Time interval in a recording."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


class SpeechDetector:
    """Detector of the intervals with speech in a recording; one instance serves any number of recordings."""

    def __init__(self) -> None:
        self._network = SileroNetwork()

    def find(self, waveform: Waveform) -> tuple[TimeSpan, ...]:
        """Find the intervals of speech, in order of time and without overlap.

        Each interval includes a margin of up to 0.1 s on both sides; pauses under 0.3 s do not end an interval.
        """
        sound = resample(waveform, RATE_HZ)
        if sound.n_samples < WINDOW_SAMPLES:
            return ()
        found = list(_intervals(self._network.speech_probabilities(sound.samples), sound.n_samples))
        end_s = waveform.duration_s
        return tuple(
            TimeSpan(start / RATE_HZ, min(end_s, end / RATE_HZ)) for start, end in _with_margins(found, sound.n_samples)
        )


@lru_cache(maxsize=1)
def speech_detector() -> SpeechDetector:
    """Return the detector that this process shares; the first call loads its weights."""
    return SpeechDetector()


def _intervals(probabilities: Array, n_samples: int) -> Iterator[tuple[int, int]]:
    """Start and end sample of each interval, by the rule of `silero-vad`: two thresholds and a minimum pause."""
    start = pause = -1
    for i, probability in enumerate(probabilities):
        at = i * WINDOW_SAMPLES
        if probability >= _THRESHOLD:
            pause = -1
            if start < 0:
                start = at
        elif probability < _END_THRESHOLD and start >= 0:
            pause = at if pause < 0 else pause
            if at - pause >= _MIN_PAUSE_SAMPLES:
                if pause - start > _MIN_SPEECH_SAMPLES:
                    yield start, pause
                start = pause = -1
    if start >= 0 and n_samples - start > _MIN_SPEECH_SAMPLES:
        yield start, n_samples


def _with_margins(intervals: list[tuple[int, int]], n_samples: int) -> Iterator[tuple[int, int]]:
    """Widen each interval by `_PAD_SAMPLES` on both sides, but not beyond the middle of the pause to its neighbor."""
    for i, (start, end) in enumerate(intervals):
        before = start if i == 0 else (start - intervals[i - 1][1]) // 2
        after = n_samples - end if i + 1 == len(intervals) else (intervals[i + 1][0] - end) // 2
        yield start - min(before, _PAD_SAMPLES), end + min(after, _PAD_SAMPLES)
