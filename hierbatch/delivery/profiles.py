"""Delivery profiles for audiobooks: required measurements, and the target values of mastering.

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
    """Limits for the check of a delivered file, and target values for the mastering of chapters."""

    name: str
    level_measure: Literal["rms_db", "loudness_lufs"]
    level_target: float
    level_range: Range
    peak_measure: Literal["peak_db", "true_peak_dbtp"]
    peak_max_db: float
    ceiling_dbtp: float
    """Ceiling of the limiter; it is below `peak_max_db`, since lossy codecs overshoot."""
    rate_hz: int
    head_s: float
    tail_s: float
    room_tone_db: float = -75.0
    """RMS of the added room tone in dB re full scale, well below every allowed noise floor."""
    noise_floor_max_db: float | None = None
    head_range_s: Range | None = None
    tail_range_s: Range | None = None
    max_duration_s: float | None = None
    mp3_min_kbps: int | None = None
    """Minimum bit rate; if set, only constant-bit-rate MP3 at `rate_hz` is accepted."""
    note: str = ""
    """Limitation of the check, which is shown with the result."""


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
        "A pass means that the audio meets ACX's technical requirements, not that ACX accepts the book: its policy "
        "requires human narration unless otherwise authorized."
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
    """Look up a profile by name; raises InputError if the name is unknown."""
    try:
        return PROFILES[name]
    except KeyError:
        raise InputError(
            "Unknown profile", expected=" or ".join(PROFILES), got=repr(name), fix="choose one of these profiles"
        ) from None
