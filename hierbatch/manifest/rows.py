"""The kinds of rows: what is asked for and what was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A row of a plan, as a worker reads it: one sentence, ready to speak or already refused.

    `error_kind` is set where the front end could not say the text; such a row only passes on its reason.
    """

    id: str
    take_key: str
    attempt: int
    text_norm: str
    phonemes: str
    lang: str
    voice: str
    seed: int
    speed: float
    pitch_semitones: float
    prosody: float
    expected_duration_s: float
    error_kind: str | None
    error: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The utterance in a plan's row; columns that pass through are left out."""
        return cls(**{name: row[name] for name in _UTTERANCE_FIELDS})


_UTTERANCE_FIELDS = tuple(field.name for field in fields(Utterance))


def sound_params(row: Mapping[str, Any]) -> dict[str, float]:
    """What a row asks of the delivery; what is as the model has it is left out, but for the speed."""
    params = {"speed": round(row["speed"], 6)}
    asked = {"pitch_semitones": round(row["pitch_semitones"], 6), "prosody": round(row["prosody"], 6)}
    return params | {name: value for name, value in asked.items() if value != DELIVERY[name]}


DELIVERY = {"pitch_semitones": 0.0, "prosody": 1.0}
"""What rows are spoken with that ask for nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A row of a plan of recordings, as a worker reads it: one recording by its path or its bytes.

    `error_kind` is set where it could not be found or may not be used; such a row only passes on its reason.
    """

    id: str
    take_key: str
    attempt: int
    voice: str
    lang: str | None
    seed: int
    pitch_semitones: float
    rate_hz: int | None
    content: bytes | None
    path: str | None
    source_sha256: str | None
    expected_duration_s: float
    error_kind: str | None
    error: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The recording in a plan's row."""
        source = row["source"] or {"bytes": None, "path": None}
        known = {name: row[name] for name in _RECORDING_FIELDS if name not in ("content", "path")}
        return cls(content=source["bytes"], path=source["path"], **known)


_RECORDING_FIELDS = tuple(field.name for field in fields(Recording))


@dataclass(frozen=True, slots=True)
class Timing:
    """When one word or pause is heard; `kind` is `word` or `pause`."""

    text: str
    start_s: float
    end_s: float
    kind: str


@dataclass(frozen=True, slots=True)
class Sound:
    """An encoded sound file and the name it would have."""

    bytes: bytes
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One spoken or refused row; the fields are the columns of the takes table (see `schema.TAKE_COLUMNS`)."""

    id: str
    take_key: str
    attempt: int
    status: str
    error_kind: str | None = None
    error: str | None = None
    text_norm: str
    phonemes: str
    lang: str | None
    voice: str
    seed: int
    sample_rate_hz: int | None = None
    n_samples: int | None = None
    duration_s: float | None = None
    timings: tuple[Timing, ...] = ()
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
    semantic_dist: float | None = None
    speaker_similarity: float | None = None
    heard_text: str | None = None
    character_error: float | None = None
    flags: tuple[str, ...] = ()
    model: str
    params: str
    voice_sha256: str | None
    consent: str | None
    synthetic: bool = True
    hierbatch_version: str
    device: str
    rtf: float | None = None
    finished_at: datetime
    audio: Sound | None = None


def take_rows(takes: Iterable[Take]) -> list[dict[str, Any]]:
    """Takes as plain rows, for Arrow."""
    return [asdict(take) for take in takes]
