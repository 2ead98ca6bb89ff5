"""Feature extraction: from rows of a data set to the arrays of a prepared set."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.level import to_speech_level
from hierbatch.audio.pitch import F0, estimate_fine_f0
from hierbatch.audio.pitch_trackers import FinePitchTracker, pitch_tracker
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME, RATE_HZ
from hierbatch.datasets.rows import DatasetRow, RejectedRow, rejected
from hierbatch.errors import InputError, RowError, SourceError, TextError
from hierbatch.frontend.language import expected_duration_s
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.frontend.transcripts import lowercase_all_caps
from hierbatch.training.prepared import FINE_F0_PER_FRAME, INDEX_SCHEMA
from hierbatch.training.prepared_settings import PreparedSettings
from hierbatch.training.row_limits import RowLimits
from hierbatch.training.speech_features import SpeechFeatures, Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturePipeline:
    """Models and text front end that turn a recording into training arrays."""

    features: SpeechFeatures
    front_end: SpeechFrontEnd
    settings: PreparedSettings = field(default_factory=PreparedSettings)
    limits: RowLimits = field(default_factory=RowLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceArrays:
    """Arrays of one utterance, with its row in the index. Legend: T frames (50/s), C channels.

    Shape:
        semantic    [T, C]
        f0_hz       [2 T]
        fine_f0_hz  [4 T]
    """

    entry: dict[str, Any]
    sound: Waveform
    semantic: Vectors
    f0_hz: F0
    fine_f0_hz: F0 | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardResult:
    """Number and duration of the utterances of a shard, and the rows that were left out."""

    n_rows: int
    duration_s: float
    rejected: tuple[RejectedRow, ...]


def to_training_sound(recording: Waveform) -> Waveform:
    """Resample a recording to 16 kHz, truncate it to whole frames, and scale it to speech level."""
    sound = resample(recording, RATE_HZ)
    n_samples = sound.n_samples // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES
    return to_speech_level(Waveform(sound.samples[:n_samples], RATE_HZ))


def extract(row: DatasetRow, pipeline: FeaturePipeline) -> UtteranceArrays:
    """Compute the arrays of one recording.

    Raises:
        SourceError: the recording cannot be read, or is outside the limits.
    """
    if reason := pipeline.limits.reject_duration(row.duration_s):
        raise SourceError(reason)
    recording = row.read()
    reason, snr_db = pipeline.limits.reject_sound(recording)
    if reason:
        raise SourceError(reason)
    sound = to_training_sound(recording)
    if reason := pipeline.limits.reject_duration(sound.duration_s):  # a header may be wrong
        raise SourceError(reason)
    f0_hz, fine_f0_hz = _track_pitch(sound, pipeline.settings)
    return UtteranceArrays(
        entry=_index_row(row, sound, pipeline) | {"snr_db": snr_db},
        sound=sound,
        semantic=pipeline.features(sound.samples),
        f0_hz=f0_hz,
        fine_f0_hz=fine_f0_hz,
    )


def write_shard(rows: Iterable[DatasetRow | RejectedRow], target: Path, pipeline: FeaturePipeline) -> ShardResult:
    """Prepare rows and write their shard, unless no row is usable.

    Args:
        rows: rows of the shard; a row that cannot be used does not stop the others.
        target: folder of the shard, written under a temporary name and renamed when complete.
        pipeline: feature models and text front end.
    """
    temporary = target.with_name(target.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    index: list[dict[str, Any]] = []
    left_out: list[RejectedRow] = []
    first_frame = 0
    with _ShardFiles(temporary, has_fine_f0=pipeline.settings.has_fine_f0) as files:
        for row in rows:
            arrays = row if isinstance(row, RejectedRow) else _extract_or_reject(row, pipeline)
            if isinstance(arrays, RejectedRow):
                left_out.append(arrays)
                continue
            files.append(arrays)
            index.append(arrays.entry | {"first_frame": first_frame})
            first_frame += arrays.entry["n_frames"]
    if index:
        pq.write_table(pa.Table.from_pylist(index, schema=INDEX_SCHEMA), temporary / "index.parquet")
        temporary.replace(target)
    else:
        shutil.rmtree(temporary)
    duration_s = first_frame * FRAME_HOP_SAMPLES / RATE_HZ
    return ShardResult(n_rows=len(index), duration_s=duration_s, rejected=tuple(left_out))


class _ShardFiles(ExitStack):
    """Array files of a shard, open for writing."""

    def __init__(self, folder: Path, *, has_fine_f0: bool) -> None:
        super().__init__()
        names = ("audio.i16", "semantic.f16", "f0.f32", *(["f0_fine.f32"] if has_fine_f0 else []))
        self._files = [self.enter_context((folder / name).open("wb")) for name in names]

    def append(self, arrays: UtteranceArrays) -> None:
        """Append each array of an utterance to its file."""
        values = [
            np.round(arrays.sound.samples * 32767).astype("<i2"),
            arrays.semantic.astype("<f2"),
            arrays.f0_hz.astype("<f4"),
        ]
        if arrays.fine_f0_hz is not None:
            values.append(arrays.fine_f0_hz.astype("<f4"))
        for file, array in zip(self._files, values, strict=True):
            file.write(array.tobytes())


def _extract_or_reject(row: DatasetRow, pipeline: FeaturePipeline) -> UtteranceArrays | RejectedRow:
    try:
        return extract(row, pipeline)
    except RowError as error:
        return rejected(row.id, error)


def _track_pitch(sound: Waveform, settings: PreparedSettings) -> tuple[F0, F0 | None]:
    """Estimate F0 every 10 ms (2 values per 20 ms frame), and every 5 ms (4 per frame; None unless requested)."""
    n_frames = sound.n_samples // FRAME_HOP_SAMPLES
    track = pitch_tracker(settings.pitch_tracker)
    fine: F0 | None = None
    if settings.has_fine_f0:
        fine = track.fine_f0(sound) if isinstance(track, FinePitchTracker) else estimate_fine_f0(sound)
        fine = _exactly(fine, FINE_F0_PER_FRAME * n_frames)
    return _exactly(track(sound), MELS_PER_FRAME * n_frames), fine


def _exactly(values: F0, length: int) -> F0:
    return np.pad(values[:length], (0, max(0, length - len(values))))


def _index_row(row: DatasetRow, sound: Waveform, pipeline: FeaturePipeline) -> dict[str, Any]:
    """Index row of a recording, without offset and SNR; phonemes are empty if the transcript is not usable."""
    text = lowercase_all_caps(row.text)
    spoken_text, phonemes = "", ""
    if text:
        try:
            spoken = pipeline.front_end.phonemize(text, row.language)
        except TextError:
            spoken = None  # without phonemes the row still trains the networks that need no text
        # A transcript that does not fit its recording would be aligned to wrong phones.
        if spoken is not None and pipeline.limits.accepts_text(
            sound.duration_s, expected_duration_s(spoken.phonemes, row.language), row.cer
        ):
            spoken_text, phonemes = spoken.text_norm, spoken.phonemes
    return {
        "id": row.id,
        "speaker": row.speaker,
        "language": row.language,
        "text": text,
        "text_norm": spoken_text,
        "phonemes": phonemes,
        "n_frames": sound.n_samples // FRAME_HOP_SAMPLES,
    }


def prepared_ids(folder: Path) -> set[str]:
    """Ids of all utterances in the complete shards of a prepared set.

    Raises:
        InputError: the index of a shard is damaged.
    """
    found: set[str] = set()
    for index in sorted(folder.glob("*/index.parquet")):
        if index.parent.suffix == ".tmp":
            continue
        try:
            found.update(pq.read_table(index, columns=["id"])["id"].to_pylist())
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{index} cannot be read", expected="the index of a shard", got=str(error), fix="remove its folder"
            ) from error
    return found
