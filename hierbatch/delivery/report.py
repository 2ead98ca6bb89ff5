"""Check of a delivered file against a profile: required value, measured value and result of every rule.

All measurements are taken from the decoded file, as a retailer or listener receives it. Of a very long file, only the
beginning is decoded unless the caller wants the whole; the length of the file, and whether the file is complete, follow
from its headers and packets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.decoded_sound import DecodedSound
from hierbatch.audio.decoding import open_encoded_mp3, open_file
from hierbatch.audio.level_meter import LevelMeter
from hierbatch.audio.loudness import LoudnessMeter
from hierbatch.audio.mp3_frames import read_mp3_frames
from hierbatch.audio.opening import count_undecoded
from hierbatch.audio.peak import TruePeakMeter
from hierbatch.delivery.profiles import Profile, Range
from hierbatch.errors import InputError

MAX_DECODED_SAMPLES = 160_000_000
"""Maximum number of samples, over all channels, that `check` decodes.

The number equals 60 min of mono sound at 44.1 kHz, which takes at most about 15 CPU seconds.
"""

_LOWEST_HZ, _HIGHEST_HZ = 4_000, 768_000
_SHOWN_CONTAINERS = {"mov": "M4A/M4B", "ogg": "Ogg", "matroska": "MKV/WebM", "mpegts": "TS", "asf": "WMA"}
_SHOWN_MEASURES = {
    "rms_db": ("RMS", "dB"),
    "loudness_lufs": ("loudness", "LUFS"),
    "peak_db": ("peak", "dB"),
    "true_peak_dbtp": ("true peak", "dBTP"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredMeasures:
    """Measurements of a decoded file."""

    container: str
    is_truncated: bool
    rate_hz: int
    n_channels: int
    duration_s: float
    measured_s: float
    """Duration of the part that was measured; less than `duration_s` if a maximum number of samples was exceeded."""
    rms_db: float
    peak_db: float
    true_peak_dbtp: float
    loudness_lufs: float
    noise_floor_db: float
    head_s: float
    tail_s: float


@dataclass(frozen=True, slots=True)
class CheckRow:
    """Result of one rule, with required and measured value as text."""

    rule: str
    expected: str
    got: str
    passed: bool


@dataclass(frozen=True, slots=True)
class FileReport:
    """Check results of one file; `note` states the limitation of the profile's check."""

    path: Path
    profile: str
    rows: tuple[CheckRow, ...]
    note: str
    peak_over_db: float = 0.0
    """Decibels by which the peak exceeds the limit of the profile; 0 if it does not."""

    @property
    def passed(self) -> bool:
        """True if every rule is met."""
        return all(row.passed for row in self.rows)


def check_file(path: Path, profile: Profile, *, is_ours: bool = False, max_samples: int | None = None) -> FileReport:
    """Measure a file and check it against a profile.

    Args:
        path: the file.
        profile: profile with the rules.
        is_ours: True if this package encoded the file; an MP3 file is then decoded faster, with trust in its headers.
        max_samples: maximum number of samples to decode, over all channels; None decodes the whole file.

    Raises:
        InputError: as in `measure_file`.
    """
    measures = measure_file(path, profile, is_ours=is_ours, max_samples=max_samples)
    rows = [*_extent_rows(measures), *_format_rows(path, measures, profile), *_sound_rows(measures, profile)]
    peak_over_db = max(0.0, getattr(measures, profile.peak_measure) - profile.peak_max_db)
    return FileReport(path, profile.name, tuple(rows), profile.note, peak_over_db)


def measure_file(
    path: Path, profile: Profile | None = None, *, is_ours: bool = False, max_samples: int | None = None
) -> DeliveredMeasures:
    """Decode a file once and measure it; memory use is independent of its length.

    Args:
        path: the file.
        profile: profile whose rules determine if loudness and true peak are measured; values not measured are NaN.
            None measures both.
        is_ours: True if this package encoded the file; an MP3 file is then decoded faster, with trust in its headers.
        max_samples: maximum number of samples to decode, over all channels; None decodes the whole file.

    Raises:
        InputError: the file is missing, is not an audio file, or has too many channels or an unusual sampling rate.
    """
    is_own_mp3 = is_ours and path.suffix == ".mp3"
    with open_encoded_mp3(path) if is_own_mp3 else open_file(path, use_ffmpeg=True) as sound:
        _check_measurable(path, sound)
        levels = LevelMeter(sound.rate_hz, sound.n_channels)
        loudness = LoudnessMeter(sound.rate_hz, sound.n_channels) if _needs(profile, "loudness_lufs") else None
        true_peak = TruePeakMeter(sound.n_channels) if _needs(profile, "true_peak_dbtp") else None
        meters = [meter for meter in (levels, loudness, true_peak) if meter is not None]
        n_left = max_samples // sound.n_channels if max_samples is not None else None
        n_samples = 0
        for block in sound.blocks:
            if n_left is not None and n_samples + len(block) > n_left:
                n_samples = count_undecoded(path, sound)
                break
            for meter in meters:
                meter.push(block)
            n_samples += len(block)
    head_s, tail_s = levels.edge_silence_s()
    return DeliveredMeasures(
        container=_SHOWN_CONTAINERS.get(sound.container, sound.container.upper()),
        is_truncated=sound.is_truncated or sound.n_declared > n_samples,
        rate_hz=sound.rate_hz,
        n_channels=sound.n_channels,
        duration_s=n_samples / sound.rate_hz,
        measured_s=levels.duration_s,
        rms_db=levels.rms_db(),
        peak_db=levels.peak_db(),
        true_peak_dbtp=true_peak.peak_db() if true_peak else math.nan,
        loudness_lufs=loudness.loudness_lufs() if loudness else math.nan,
        noise_floor_db=levels.noise_floor_db(),
        head_s=head_s,
        tail_s=tail_s,
    )


def _needs(profile: Profile | None, measure: str) -> bool:
    return profile is None or measure in (profile.level_measure, profile.peak_measure)


def _check_measurable(path: Path, sound: DecodedSound) -> None:
    if sound.n_channels > 2:
        raise InputError(
            f"{path} has {sound.n_channels} channels", expected="one or two", fix="mix it down to mono or stereo"
        )
    if not _LOWEST_HZ <= sound.rate_hz <= _HIGHEST_HZ:
        raise InputError(
            f"{path} has an unusual sampling rate",
            expected=f"{_LOWEST_HZ} to {_HIGHEST_HZ} Hz",
            got=f"{sound.rate_hz} Hz",
            fix="resample it",
        )


def _extent_rows(measures: DeliveredMeasures) -> list[CheckRow]:
    """Failed rule if the file is truncated, and a row on the measured part if only part of the file was measured."""
    rows = []
    if measures.is_truncated:
        got = f"truncated: {measures.duration_s:.2f} s can be read"
        rows.append(CheckRow("complete file", "sound up to the declared end", got, False))
    if measures.measured_s < measures.duration_s:
        got = f"the first {measures.measured_s / 60:.0f} of {measures.duration_s / 60:.0f} min"
        rows.append(CheckRow("measured part", "everything, with --whole", got, True))
    return rows


def _format_rows(path: Path, measures: DeliveredMeasures, profile: Profile) -> list[CheckRow]:
    """Results of the rules on file format; empty for profiles that accept any format."""
    if profile.mp3_min_kbps is None:
        return []
    rate_row = CheckRow(
        "sampling rate", f"{profile.rate_hz} Hz", f"{measures.rate_hz} Hz", measures.rate_hz == profile.rate_hz
    )
    wanted = f"constant, at least {profile.mp3_min_kbps} kbit/s"
    if measures.container != "MP3":
        got = f"{measures.container}: not accepted by this retailer, deliver one MP3 per chapter"
        return [
            CheckRow("format", "MP3", got, False),
            CheckRow("bit rate", wanted, f"does not apply to {measures.container}", False),
            rate_row,
        ]
    kbps = sorted(read_mp3_frames(path).kbps)
    is_constant = len(kbps) == 1
    got = f"constant {kbps[0]} kbit/s" if is_constant else "variable " + ", ".join(map(str, kbps)) + " kbit/s"
    return [
        CheckRow("format", "MP3", "MP3", True),
        CheckRow("bit rate", wanted, got, is_constant and kbps[0] >= profile.mp3_min_kbps),
        rate_row,
    ]


def _sound_rows(measures: DeliveredMeasures, profile: Profile) -> list[CheckRow]:
    level, level_unit = _SHOWN_MEASURES[profile.level_measure]
    peak, peak_unit = _SHOWN_MEASURES[profile.peak_measure]
    rows = [
        _range_row(level, profile.level_range, getattr(measures, profile.level_measure), level_unit),
        _limit_row(peak, profile.peak_max_db, getattr(measures, profile.peak_measure), peak_unit),
    ]
    if profile.noise_floor_max_db is not None:
        rows.append(_limit_row("noise floor", profile.noise_floor_max_db, measures.noise_floor_db, "dB RMS"))
    if profile.head_range_s is not None:
        rows.append(_range_row("silence at the head", profile.head_range_s, measures.head_s, "s"))
    if profile.tail_range_s is not None:
        if measures.measured_s < measures.duration_s:
            low, high = profile.tail_range_s
            rows.append(CheckRow("silence at the tail", f"{low:g} to {high:g} s", "not measured", False))
        else:
            rows.append(_range_row("silence at the tail", profile.tail_range_s, measures.tail_s, "s"))
    if profile.max_duration_s is not None:
        rows.append(_limit_row("length", profile.max_duration_s / 60, measures.duration_s / 60, "min"))
    return rows


def _range_row(rule: str, wanted: Range, got: float, unit: str) -> CheckRow:
    low, high = wanted
    return CheckRow(rule, f"{low:g} to {high:g} {unit}", f"{got:.2f} {unit}", low <= got <= high)


def _limit_row(rule: str, highest: float, got: float, unit: str) -> CheckRow:
    return CheckRow(rule, f"at most {highest:g} {unit}", f"{got:.2f} {unit}", got <= highest)
