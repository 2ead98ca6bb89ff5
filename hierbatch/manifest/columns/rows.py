"""Types of the rows of tables: planned utterances, planned recordings, and takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from mmap import mmap
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedUtterance:
    """Row of a speech synthesis plan: one sentence, ready to synthesize or already rejected.

    If the front end rejected the text, `error_kind` is set and the row becomes a failed take.
    """

    id: str
    take_key: str
    attempt: int
    text_norm: str
    phonemes: str
    language: str
    voice: str
    seed: int
    speed: float
    pitch_semitones: float
    prosody: float
    expected_duration_s: float
    error_kind: str | None
    error: str | None
    foreign_words: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Create an utterance from a plan row; pass-through columns are ignored."""
        return cls(**{name: row[name] for name in _UTTERANCE_FIELDS if name in row})


_UTTERANCE_FIELDS = tuple(field.name for field in fields(PlannedUtterance))


def delivery_settings(row: Mapping[str, Any]) -> dict[str, float]:
    """Delivery settings of a row: the speed, and the other settings that differ from their defaults."""
    settings = {"speed": round(row["speed"], 6)}
    optional = {"pitch_semitones": round(row["pitch_semitones"], 6), "prosody": round(row["prosody"], 6)}
    return settings | {name: value for name, value in optional.items() if value != DEFAULT_DELIVERY[name]}


DEFAULT_DELIVERY = {"pitch_semitones": 0.0, "prosody": 1.0}
"""Defaults of the settings that `delivery_settings` leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRecording:
    """Row of a plan of recordings: one source recording, given as a path or as the bytes of the file.

    If the recording was rejected, `error_kind` is set and the row becomes a failed take.
    """

    id: str
    take_key: str
    attempt: int
    voice: str = ""
    language: str | None
    seed: int
    pitch_semitones: float = 0.0
    rate_hz: int | None = None
    cast: Sequence[Mapping[str, Any]] = ()
    """Speakers of a recording to dub, with their spans and target voices."""
    content: bytes | None
    path: str | None
    source_sha256: str | None
    expected_duration_s: float
    error_kind: str | None
    error: str | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Create a recording from a plan row; fields without a column in the plan keep their defaults."""
        source = row["source"] or {"bytes": None, "path": None}
        known = {name: row[name] for name in _RECORDING_FIELDS if name in row}
        return cls(content=source["bytes"], path=source["path"], **known)


_RECORDING_FIELDS = tuple(field.name for field in fields(PlannedRecording))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSong:
    """Row of a plan of songs: the phrases of one score.

    If the score was rejected, `error_kind` is set and the row becomes a failed take.
    """

    id: str
    take_key: str
    attempt: int
    text_norm: str
    phonemes: str | None
    language: str | None
    voice: str
    seed: int
    song_json: str | None
    transpose_semitones: float | None
    """Transposition of the melody; None transposes by whole octaves."""
    vibrato_cents: float
    expected_duration_s: float
    error_kind: str | None
    error: str | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Create a song from a plan row; pass-through columns are ignored."""
        return cls(**{name: row[name] for name in _SONG_FIELDS})


_SONG_FIELDS = tuple(field.name for field in fields(PlannedSong))


@dataclass(frozen=True, slots=True)
class Timing:
    """Start and end of a word, a pause or a span of speech in a take; `kind` is `word`, `pause` or `speech`."""

    text: str
    start_s: float
    end_s: float
    kind: str


@dataclass(frozen=True, slots=True)
class EncodedAudio:
    """An encoded audio file and its file name."""

    bytes: bytes | mmap
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Result of one row, successful or failed.

    The fields are the columns in `schema.TAKE_COLUMNS`, except those of optional measures, which are computed later.
    """

    id: str
    take_key: str
    attempt: int
    status: str
    error_kind: str | None = None
    error: str | None = None
    text_norm: str
    phonemes: str
    language: str | None
    voice: str
    seed: int
    sample_rate_hz: int | None = None
    n_samples: int | None = None
    duration_s: float | None = None
    timings: tuple[Timing, ...] = ()
    word_distances: tuple[float, ...] | None = None
    loudness_lufs: float | None = None
    rms_db: float | None = None
    peak_db: float | None = None
    silence_ratio: float | None = None
    longest_silence_s: float | None = None
    clipped_samples: int | None = None
    expected_duration_s: float
    duration_ratio: float | None = None
    f0_median_hz: float | None = None
    f0_std_semitones: float | None = None
    snr_db: float | None = None
    semantic_distance: float | None = None
    flags: tuple[str, ...] = ()
    model: str
    settings_json: str
    voice_sha256: str | None
    consent: str | None
    synthetic: bool = True
    hierbatch_version: str
    device: str
    rtf: float | None = None
    finished_at: datetime
    audio: EncodedAudio | None = None


def take_rows(takes: Iterable[Take]) -> list[dict[str, Any]]:
    """Convert takes to dictionaries for Arrow; their audio must be in memory, not in temporary files."""
    return [asdict(take) for take in takes]
