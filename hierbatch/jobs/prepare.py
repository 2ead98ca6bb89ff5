"""Prepare speech for training: Parquet of recordings in, aligned features out; running again goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hierbatch.errors import InputError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.training.content_teacher import WhisperEncoder
from hierbatch.training.features import FeatureTools, decode, prepare_file, read_rows
from hierbatch.training.semantics import Projection, fit_projection
from hierbatch.training.splits import split_of

_PROJECTION_UTTERANCES = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareJob:
    """What to prepare and where to."""

    data: tuple[Path, ...]
    """Folders or Parquet files with `id speaker language text audio`."""
    out: Path
    """The prepared set."""
    teacher: Path
    """Folder of the content teacher (CTranslate2 Whisper)."""
    part: int = 0
    """This process's share of the files, counted from 0, where several prepare side by side."""
    n_parts: int = 1
    """How many processes prepare side by side."""


def prepare(job: PrepareJob, tell: Callable[[str], None]) -> None:
    """Make features of every file not yet prepared.

    Raises:
        InputError: no Parquet file was found.
        BundleError: the content teacher is missing.
    """
    files = find_parquet(job.data)
    job.out.mkdir(parents=True, exist_ok=True)
    teacher = WhisperEncoder.load(job.teacher)
    path = job.out / "projection.safetensors"
    if not path.is_file():
        _fit(files, teacher).save(path)
        tell(f"projection: {path}")
    tools = FeatureTools(teacher=teacher, projection=Projection.load(path), front_end=SpeechFrontEnd())
    for source in files[job.part :: job.n_parts]:
        prepare_file(source, job.out / source.stem, tools, tell)


def find_parquet(places: tuple[Path, ...]) -> list[Path]:
    """Parquet files at or below the given places, in order; names must differ, they name the prepared folders."""
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*.parquet")))]
    if not files:
        raise InputError("No speech was found", wanted="Parquet files", got=", ".join(map(str, places)))
    if len({file.stem for file in files}) != len(files):
        raise InputError("Two Parquet files have the same name", wanted="names that differ", mend="rename one of them")
    return files


def _fit(files: list[Path], teacher: WhisperEncoder) -> Projection:
    """Projection from some utterances of every file, training speakers only."""
    each = max(4, _PROJECTION_UTTERANCES // len(files))
    features = []
    for file in files:
        usable = (row for row in read_rows(file) if split_of(row["speaker"]) == "train" and row["duration_s"] < 20)
        for row, _ in zip(usable, range(each), strict=False):
            features.append(teacher(torch.from_numpy(decode(row).samples)).numpy())
    return fit_projection(np.concatenate(features))
