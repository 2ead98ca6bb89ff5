"""Computation of training features for speech data sets; an interrupted computation resumes."""

from __future__ import annotations

import json
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from hierbatch.constants import FRAMES_PER_SECOND, MEL_FRAMES_PER_SECOND, RATE_HZ
from hierbatch.datasets.readers import list_rows, read_dataset, with_options
from hierbatch.datasets.rows import DatasetRow, ListedRow, RejectedRow
from hierbatch.errors import InputError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.jobs.options.data import DataLayout, FeatureChoice
from hierbatch.storage import write_atomically
from hierbatch.training.features import FeaturePipeline, prepared_ids, write_shard
from hierbatch.training.prepared_settings import TEACHER_FEATURES, PreparedSettings, write_settings
from hierbatch.training.row_limits import RowLimits
from hierbatch.training.speech_features import FeatureInfo, SpeechFeatures, load_features

_SHARD_ROWS = 128
_PERMISSIVE_LICENSES = ("mit", "apache-2.0", "bsd", "cc0", "cc-by-4.0", "public domain")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareJob:
    """Recordings to prepare, and the folder for their features."""

    data: tuple[Path, ...]
    """Data sets, in any layout of `hierbatch.datasets.readers.LAYOUTS`."""

    out: Path
    """Folder of the prepared data set."""
    layout: DataLayout = field(default_factory=DataLayout)
    features: FeatureChoice = field(default_factory=FeatureChoice)
    limits: RowLimits = field(default_factory=RowLimits)
    process_index: int = 0
    """Index of this process, from 0, when several processes share the rows."""
    n_processes: int = 1
    """Number of processes that share the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareResult:
    """Numbers of prepared and rejected rows, and the duration of the prepared rows in seconds."""

    n_rows: int
    n_rejected: int
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DataEstimate:
    """Contents of data sets according to the headers of their recordings, and the expected size of the prepared set."""

    n_rows: int
    n_with_text: int
    n_speakers: int
    duration_s: float
    duration_s_by_language: dict[str, float]
    n_rejected_by_reason: dict[str, int]
    n_bytes: int


def prepare(job: PrepareJob, log: Callable[[str], None]) -> PrepareResult:
    """Compute the features of every row that is not prepared yet.

    Raises:
        InputError: a data set is missing or incomplete, an option is invalid, or the folder was prepared with other
            settings.
        BundleError: the feature extractor cannot be loaded.
        StorageError: the disk is full, read-only or gone.
    """
    features = _load_features(job)
    settings = _settings(job.features, features.info)
    write_settings(job.out, settings)
    if features.info.license.lower() not in _PERMISSIVE_LICENSES:
        log(f"License of the features: {features.info.license}. It also binds networks that are trained on them")
    pipeline = FeaturePipeline(features=features, front_end=SpeechFrontEnd(), settings=settings, limits=job.limits)
    done = prepared_ids(job.out)
    rows = (row for row in list_rows(job.data, job.layout.dataset_options) if row.id not in done and _is_mine(row, job))
    rejected: list[RejectedRow] = []
    n_rows, duration_s, started = 0, 0.0, time.monotonic()
    while batch := list(islice(rows, _SHARD_ROWS)):
        complete = (
            row if isinstance(row, RejectedRow) else with_options(row, job.layout.dataset_options) for row in batch
        )
        shard = write_shard(complete, _next_shard(job), pipeline)
        rejected += shard.rejected
        n_rows, duration_s = n_rows + shard.n_rows, duration_s + shard.duration_s
        speed = duration_s / max(1e-3, time.monotonic() - started)
        log(f"{n_rows} rows, {duration_s / 3600:.2f} h, {speed:.0f} x real time, {len(rejected)} left out")
    for row in rejected[:5]:
        log(f"{row.id}: {row.reason}")
    _write_rejected(job, rejected)
    if not done and not n_rows and job.n_processes == 1:
        raise InputError(
            "No row can be used",
            expected="recordings within the limits",
            got=rejected[0].reason if rejected else "no rows",
            fix=f"see {_rejected_file(job)}",
        )
    return PrepareResult(n_rows=n_rows + len(done), n_rejected=len(rejected), duration_s=duration_s)


def estimate(job: PrepareJob) -> DataEstimate:
    """Estimate a preparation from the headers of the recordings alone, without decoding or computing features.

    Raises:
        InputError: a data set is missing or incomplete, or an option is invalid.
        BundleError: a feature extractor that is needed cannot be loaded.
    """
    channels = _channels(job.features)
    speakers: set[str] = set()
    by_language: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    n_rows = n_with_text = 0
    for row in read_dataset(job.data, job.layout.dataset_options):
        reason = row.reason if isinstance(row, RejectedRow) else job.limits.reject_duration(row.duration_s)
        if isinstance(row, RejectedRow) or reason:
            reasons["duration" if isinstance(row, DatasetRow) else "unreadable, incomplete or repeated"] += 1
            continue
        n_rows, n_with_text = n_rows + 1, n_with_text + bool(row.text)
        speakers.add(row.speaker)
        by_language[row.language] += row.duration_s  # type: ignore[assignment]  # a Counter of seconds
    duration_s = float(sum(by_language.values()))
    f0_per_second = MEL_FRAMES_PER_SECOND * (3 if job.features.f0_hop_ms == 5 else 1)
    bytes_per_second = 2 * RATE_HZ + 2 * channels * FRAMES_PER_SECOND + 4 * f0_per_second
    return DataEstimate(
        n_rows=n_rows,
        n_with_text=n_with_text,
        n_speakers=len(speakers),
        duration_s=duration_s,
        duration_s_by_language=dict(by_language),
        n_rejected_by_reason=dict(reasons),
        n_bytes=round(duration_s * bytes_per_second),
    )


def _load_features(job: PrepareJob) -> SpeechFeatures:
    if job.features.teacher is None:
        return load_features(job.features.features, job.features.layer)
    from hierbatch.training.whisper_features import load_whisper_features

    job.out.mkdir(parents=True, exist_ok=True)
    rows = read_dataset(job.data, job.layout.dataset_options)
    return load_whisper_features(job.features.teacher, job.out, rows)


def _settings(choice: FeatureChoice, info: FeatureInfo) -> PreparedSettings:
    from hierbatch.audio.pitch_trackers import pitch_tracker

    pitch_tracker(choice.f0)
    if choice.f0_hop_ms not in (5, 10):
        raise InputError(
            "The hop of F0 is invalid", expected="5 or 10", got=str(choice.f0_hop_ms), fix="correct --f0-hop-ms"
        )
    return PreparedSettings(features=info, pitch_tracker=choice.f0, has_fine_f0=choice.f0_hop_ms == 5)


def _channels(choice: FeatureChoice) -> int:
    """Number of channels of the features; for most extractors, the weights need not be loaded."""
    name = choice.features.partition("=")[0]
    if choice.teacher is not None or choice.features == "lite":
        return TEACHER_FEATURES.channels
    return 1024 if name == "mms" else load_features(choice.features, choice.layer).info.channels


def _is_mine(row: ListedRow | RejectedRow, job: PrepareJob) -> bool:
    return zlib.crc32(row.id.encode()) % job.n_processes == job.process_index


def _next_shard(job: PrepareJob) -> Path:
    """Path of the first shard of this process that does not exist yet."""
    numbers: Iterator[int] = iter(range(1_000_000))
    names = (job.out / f"shard-{job.process_index:02d}-{number:05d}" for number in numbers)
    return next(folder for folder in names if not folder.exists())


def _rejected_file(job: PrepareJob) -> Path:
    suffix = f"-{job.process_index:02d}" if job.n_processes > 1 else ""
    return job.out / f"rejected{suffix}.jsonl"


def _write_rejected(job: PrepareJob, rejected: list[RejectedRow]) -> None:
    with write_atomically(_rejected_file(job)) as temporary:
        lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rejected)
        temporary.write_text("".join(lines), encoding="utf-8")
