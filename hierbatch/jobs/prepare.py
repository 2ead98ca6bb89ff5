"""Prepare training features from Parquet files of recordings. An interrupted preparation resumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hierbatch.errors import InputError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.training.content_teacher import WhisperEncoder
from hierbatch.training.features import FeaturePipeline, decode, prepare_file, read_rows
from hierbatch.training.semantics import Projection, fit_projection
from hierbatch.training.splits import split_of

_PROJECTION_UTTERANCES = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareJob:
    """Recordings to prepare and the folder for their features."""

    data: tuple[Path, ...]
    """Folders or Parquet files with the columns `id speaker language text audio`."""
    out: Path
    """Folder of the prepared data set."""
    teacher: Path
    """Folder of the Whisper model (CTranslate2) that provides the target content features."""
    process_index: int = 0
    """Index of this process, from 0, when several processes share the files."""
    n_processes: int = 1
    """Number of processes that share the files."""


def prepare(job: PrepareJob, log: Callable[[str], None]) -> None:
    """Compute the features of every file that is not prepared yet.

    Raises:
        InputError: no Parquet file was found, or two have the same name.
        BundleError: the content teacher cannot be loaded.
    """
    files = find_parquet(job.data)
    job.out.mkdir(parents=True, exist_ok=True)
    teacher = WhisperEncoder.load(job.teacher)
    path = job.out / "projection.safetensors"
    if not path.is_file():
        _fit_content_projection(files, teacher).save(path)
        log(f"projection: {path}")
    tools = FeaturePipeline(teacher=teacher, projection=Projection.load(path), front_end=SpeechFrontEnd())
    for source in files[job.process_index :: job.n_processes]:
        prepare_file(source, job.out / source.stem, tools, log)


def find_parquet(paths: tuple[Path, ...]) -> list[Path]:
    """Parquet files at or below the given paths, sorted. Their names must be unique: they name the prepared folders.

    Raises:
        InputError: no file was found, or two have the same name.
    """
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.parquet")))]
    if not files:
        raise InputError(
            "No speech data was found", expected="Parquet files", got=", ".join(map(str, paths)), fix="correct --data"
        )
    if len({file.stem for file in files}) != len(files):
        raise InputError("Two Parquet files have the same name", expected="unique names", fix="rename one of them")
    return files


def _fit_content_projection(files: list[Path], teacher: WhisperEncoder) -> Projection:
    """Fit the projection of content features on a few utterances of every file; training speakers only."""
    n_per_file = max(4, _PROJECTION_UTTERANCES // len(files))
    features = []
    for file in files:
        usable = (row for row in read_rows(file) if split_of(row["speaker"]) == "train" and row["duration_s"] < 20)
        for row, _ in zip(usable, range(n_per_file), strict=False):
            features.append(teacher(torch.from_numpy(decode(row).samples)).numpy())
    return fit_projection(np.concatenate(features))
