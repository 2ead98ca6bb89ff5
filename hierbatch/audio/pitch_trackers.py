"""What finds the pitch of a recording, by name: one for every day, and the published systems' own to compare with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Protocol, runtime_checkable

from hierbatch.audio.pitch import F0, estimate_f0
from hierbatch.audio.waveform import Waveform
from hierbatch.audio.yaapt import PACKAGE, estimate_f0_by_yaapt
from hierbatch.errors import InputError, ProgramError

PitchTracker = Callable[[Waveform], F0]
"""F0 in Hz of 16 kHz sound, a value every 10 ms, 0 where unvoiced; frame t for samples 160 t to 160 t + 159."""


@runtime_checkable
class FinePitchTracker(Protocol):
    """A tracker that also finds a value every 5 ms, as published networks were trained with."""

    def __call__(self, waveform: Waveform, /) -> F0: ...

    def finely(self, waveform: Waveform) -> F0:
        """F0 in Hz, 0 where unvoiced; value t is centred on sample 80 t. Shape: returns [L / 80, rounded up]."""


EVERY_DAY = "dio"
PITCH_TRACKERS: Mapping[str, PitchTracker] = {EVERY_DAY: estimate_f0, "yaapt": estimate_f0_by_yaapt}


def pitch_tracker(name: str) -> PitchTracker:
    """The tracker of that name.

    Raises:
        InputError: there is none.
        ProgramError: its package is not installed.
    """
    if name not in PITCH_TRACKERS:
        raise InputError("The pitch tracker is not known", wanted=" or ".join(PITCH_TRACKERS), got=repr(name))
    if name == "yaapt" and find_spec(PACKAGE) is None:
        raise ProgramError(
            "YAAPT is not installed",
            wanted="the package AMFM-decompy",
            mend=f"`pip install AMFM-decompy`, or take --f0 {EVERY_DAY}",
        )
    return PITCH_TRACKERS[name]
