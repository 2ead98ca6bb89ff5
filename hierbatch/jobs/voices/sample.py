"""Voices of no real person, sampled from the distribution of voices of a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hierbatch.errors import InputError
from hierbatch.jobs.options.speech import MAX_SEED
from hierbatch.jobs.voices.voice_model import VoiceModel
from hierbatch.manifest.tables.checks import SAFE_ID
from hierbatch.manifest.voices.voice_file import VOICE_FILE_SUFFIX, VoiceFile
from hierbatch.models.catalog.model_choice import ModelChoice

_MAX_VOICES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleVoices:
    """Number of voices to sample, and the folder of their files."""

    out: Path
    n_voices: int = 1
    seed: int = 0
    name: str = "sampled"
    """Prefix of the voice names."""
    model: ModelChoice = field(default_factory=ModelChoice)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeVoice:
    """A voice file that was written."""

    path: Path
    file: VoiceFile
    nearest_distance: float
    """Distance to the nearest training speaker, in standard deviations of the distribution."""
    same_speaker_distance: float
    """Upper bound, in the same unit, for 95 % of the distances between clips of one speaker; exceeded by
    `nearest_distance`."""
    asked: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)


def sample_voices(job: SampleVoices) -> Iterator[MadeVoice]:
    """Sample voices one by one; the same seed results in the same voices, whatever their number.

    Raises:
        InputError: the number of voices, the seed or the name cannot be used.
        BundleError: the model cannot be loaded, or has no distribution of voices.
        StorageError: the disk is full.
    """
    check_request(job.n_voices, job.seed, job.name)
    model = VoiceModel(job.model)
    for number in range(1, job.n_voices + 1):
        point = model.space.sample_point(np.random.default_rng([job.seed, number]))
        voice = model.with_own_frames(model.space.voice_at(point))
        name = f"{job.name}-{number}"
        file = model.voice_file(
            voice, describe_synthetic(name, "sample", f"sampled with seed {job.seed}, number {number}")
        )
        path = file.save(job.out / f"{name}{VOICE_FILE_SUFFIX}")
        yield MadeVoice(
            path=path,
            file=file,
            nearest_distance=model.space.nearest_distance(point),
            same_speaker_distance=model.space.same_speaker_distance,
        )


def describe_synthetic(name: str, origin: str, description: str) -> VoiceFile:
    """Voice file, still without arrays, for a voice of no real person.

    Args:
        name: name of the voice.
        origin: `sample` or `design`.
        description: text about the origin of the voice.
    """
    return VoiceFile(
        voice=name,
        origin=origin,
        model_kind="",
        model_sha256="",
        consent="synthetic",
        description=description,
        synthetic=True,
        numbers={},
        arrays={},
        reference_flac=b"",
    )


def check_request(n_voices: int, seed: int, name: str) -> None:
    """Check a request for voices; only names that a voices table allows are accepted, so they are safe as file names.

    Args:
        n_voices: number of voices.
        seed: seed of the request.
        name: prefix of the voice names.

    Raises:
        InputError: a value cannot be used.
    """
    if not 1 <= n_voices <= _MAX_VOICES:
        raise InputError(
            "The number of voices is out of range",
            expected=f"1 to {_MAX_VOICES}",
            got=str(n_voices),
            fix="change the number",
        )
    if not 0 <= seed <= MAX_SEED:
        raise InputError(
            "The seed is out of range", expected=f"0 to {MAX_SEED}", got=str(seed)[:40], fix="change the seed"
        )
    if not re.fullmatch(SAFE_ID, f"{name}-{n_voices}"):
        raise InputError(
            "The name of the voice is invalid", expected="letters, digits, `.`, `_` and `-`", got=name[:60],
            fix="change --name",
        )  # fmt: skip
