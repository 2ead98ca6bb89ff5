"""Pitch trackers by name: DIO, the default; Harvest, more accurate; YAAPT, the tracker of HierSpeech++."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Protocol, runtime_checkable

from hierbatch.audio.pitch import F0, estimate_f0, estimate_f0_by_harvest
from hierbatch.audio.waveform import Waveform
from hierbatch.audio.yaapt import PACKAGE, estimate_f0_by_yaapt
from hierbatch.errors import InputError, ProgramError

PitchTracker = Callable[[Waveform], F0]
"""F0 in Hz of 16 kHz sound every 10 ms, 0 where unvoiced; frame t covers samples 160 t to 160 t + 159."""


@runtime_checkable
class FinePitchTracker(Protocol):
    """Tracker that also estimates F0 every 5 ms, the frame period of F0 in the HierSpeech++ networks."""

    def __call__(self, waveform: Waveform, /) -> F0:
        """Estimate F0 in Hz every 10 ms, as every `PitchTracker` does."""

    def fine_f0(self, waveform: Waveform) -> F0:
        """Estimate F0 in Hz every 5 ms, 0 where unvoiced; value t is centered on sample 80 t.

        Shape:
            returns  [ceil(L / 80)]
        """


DEFAULT_TRACKER = "dio"
PITCH_TRACKERS: Mapping[str, PitchTracker] = {
    DEFAULT_TRACKER: estimate_f0,
    "harvest": estimate_f0_by_harvest,
    "yaapt": estimate_f0_by_yaapt,
}


def pitch_tracker(name: str) -> PitchTracker:
    """Find a pitch tracker by name.

    Raises:
        InputError: there is no tracker of this name.
        ProgramError: the tracker's package is not installed.
    """
    if name not in PITCH_TRACKERS:
        raise InputError(
            "Unknown pitch tracker", expected=" or ".join(PITCH_TRACKERS), got=repr(name), fix="choose one of these"
        )
    if name == "yaapt" and find_spec(PACKAGE) is None:
        raise ProgramError(
            "YAAPT is not installed",
            expected="the package AMFM-decompy",
            fix=f"`pip install 'hierbatch[official]'`, or use --f0 {DEFAULT_TRACKER}",
        )
    return PITCH_TRACKERS[name]
