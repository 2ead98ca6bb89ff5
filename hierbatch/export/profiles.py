"""What a delivered audiobook must measure: three sets of rules, and how we aim inside them.

Sources: ACX Audio Submission Requirements (acx); EBU R 128 and EBU Tech 3343 (ebu); AES TD1008 and the common
podcast directories (podcast).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hierbatch.errors import InputError

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Rules a file is checked by, and the values a chapter is mastered to."""

    name: str
    level_measure: Literal["rms_db", "loudness_lufs"]
    level_target: float
    level_range: Range
    peak_measure: Literal["peak_db", "true_peak_dbtp"]
    peak_max_db: float
    ceiling_dbtp: float
    """What the limiter keeps to: lower than `peak_max_db`, since lossy codecs overshoot."""
    rate_hz: int
    head_s: float
    tail_s: float
    room_tone_db: float = -75.0
    """RMS of the steady noise under everything, well below any allowed noise floor."""
    noise_floor_max_db: float | None = None
    head_range_s: Range | None = None
    tail_range_s: Range | None = None
    max_duration_s: float | None = None
    mp3_min_kbps: int | None = None
    """Set where only MP3 of a constant bit rate, this high or higher, at `rate_hz` is accepted."""
    note: str = ""
    """What passing does not say."""


_ACX = Profile(
    name="acx",
    level_measure="rms_db",
    level_target=-20.5,
    level_range=(-23.0, -18.0),
    peak_measure="peak_db",
    peak_max_db=-3.0,
    ceiling_dbtp=-3.5,
    rate_hz=44_100,
    head_s=0.75,
    tail_s=2.0,
    noise_floor_max_db=-60.0,
    head_range_s=(0.5, 1.0),
    tail_range_s=(1.0, 5.0),
    max_duration_s=120 * 60.0,
    mp3_min_kbps=192,
    note=(
        "Passing says that the sound meets ACX's technical rules, not that ACX takes the book: its policy asks for "
        "human narration unless otherwise authorized."
    ),
)

_EBU = Profile(
    name="ebu",
    level_measure="loudness_lufs",
    level_target=-23.0,
    level_range=(-23.5, -22.5),
    peak_measure="true_peak_dbtp",
    peak_max_db=-1.0,
    ceiling_dbtp=-2.0,
    rate_hz=48_000,
    head_s=0.5,
    tail_s=1.5,
)

_PODCAST = Profile(
    name="podcast",
    level_measure="loudness_lufs",
    level_target=-16.0,
    level_range=(-17.0, -15.0),
    peak_measure="true_peak_dbtp",
    peak_max_db=-1.0,
    ceiling_dbtp=-2.0,
    rate_hz=44_100,
    head_s=0.5,
    tail_s=1.5,
)

PROFILES = {profile.name: profile for profile in (_ACX, _EBU, _PODCAST)}


def find_profile(name: str) -> Profile:
    """The profile of that name; raises InputError for a name that is none."""
    try:
        return PROFILES[name]
    except KeyError:
        raise InputError("There is no such profile", wanted=" or ".join(PROFILES), got=repr(name)) from None
