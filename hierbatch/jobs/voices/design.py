"""Design of voices from a description: candidates are drawn, measured and corrected, and the nearest one is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hierbatch.errors import InputError, RowError
from hierbatch.frontend.descriptions.description import VoiceDescription, parse_description
from hierbatch.jobs.voices.attributes import adjust_voice, measure_attributes
from hierbatch.jobs.voices.sample import MadeVoice, check_request, describe_synthetic
from hierbatch.jobs.voices.voice_model import VoiceModel
from hierbatch.manifest.voices.voice_file import VOICE_FILE_SUFFIX
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.lite.prompt_statistics import Floats
from hierbatch.models.lite.voice import LiteVoice

TEST_TEXTS = {"en": "We were away a year ago, and nobody knew.", "ko": "우리는 오래전에 멀리 있었습니다."}
"""Sentence of each language on which candidates are measured; nearly all sounds of the sentence are voiced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignVoices:
    """Description, number of voices, and the folder of their files."""

    description: str
    out: Path
    n_voices: int = 1
    seed: int = 0
    name: str = "designed"
    """Prefix of the voice names."""
    n_candidates: int = 2
    """Number of candidates drawn for each voice; the one nearest to the description is kept."""
    n_corrections: int = 2
    """Number of times that the controls of a candidate are corrected by its measures."""
    model: ModelChoice = field(default_factory=ModelChoice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A drawn voice with the attributes of its speech."""

    point: Floats
    voice: LiteVoice
    measured: Mapping[str, float]

    def error(self, asked: Mapping[str, float]) -> float:
        """Sum of the squared differences between the wanted and the measured attributes."""
        return sum((value - self.measured[name]) ** 2 for name, value in asked.items())


def read_description(text: str) -> VoiceDescription:
    """Parse the description of a voice.

    Raises:
        InputError: the description names no attribute that can be measured.
    """
    described = parse_description(text)
    if not described.attributes:
        raise InputError(
            "The description names no attribute of a voice",
            expected="words such as low, female, bright, slow, lively, soft or breathy, in English or Korean",
            got=text[:80],
            fix="use words that docs/voices.md lists",
        )
    return described


def design_voices(job: DesignVoices) -> Iterator[MadeVoice]:
    """Design voices one by one; the same seed results in the same voices, whatever their number.

    Raises:
        InputError: the description has no attribute, or a number, the seed or the name cannot be used.
        BundleError: the model cannot be loaded, or has no distribution of voices.
        RowError: no candidate can be used.
        StorageError: the disk is full.
    """
    check_request(job.n_voices, job.seed, job.name)
    if job.n_candidates < 1 or job.n_corrections < 0:
        raise InputError(
            "The numbers of candidates and corrections are out of range",
            expected="at least 1 candidate and 0 corrections",
            got=f"{job.n_candidates} and {job.n_corrections}",
        )
    asked = read_description(job.description).attributes
    model = VoiceModel(job.model)
    for number in range(1, job.n_voices + 1):
        generator = np.random.default_rng([job.seed, number])
        best = design_one(model, asked, generator, n_candidates=job.n_candidates, n_corrections=job.n_corrections)
        name = f"{job.name}-{number}"
        described = describe_synthetic(name, "design", f"{job.description} (seed {job.seed}, number {number})")
        file = model.voice_file(model.with_own_frames(best.voice), described)
        yield MadeVoice(
            path=file.save(job.out / f"{name}{VOICE_FILE_SUFFIX}"),
            file=file,
            nearest_distance=model.space.nearest_distance(best.point),
            same_speaker_distance=model.space.same_speaker_distance,
            asked=asked,
            measured=best.measured,
        )


def design_one(
    model: VoiceModel,
    asked: Mapping[str, float],
    generator: np.random.Generator,
    *,
    n_candidates: int,
    n_corrections: int,
) -> Candidate:
    """Draw candidates, and return the one whose speech is nearest to the wanted attributes.

    Args:
        model: model with a distribution of voices.
        asked: wanted attributes, by name, in standard deviations.
        generator: random number generator.
        n_candidates: number of candidates to draw.
        n_corrections: number of times that the controls of a candidate are corrected by its measures.

    Raises:
        RowError: no candidate can be used.
    """
    found: list[Candidate] = []
    problem: RowError | None = None
    for _ in range(n_candidates):
        point = model.space.sample_point(generator, asked)
        try:
            found += _corrected(model, point, asked, n_corrections)
        except RowError as error:
            problem = error
    if not found:
        assert problem is not None
        raise problem
    return min(found, key=lambda candidate: candidate.error(asked))


def _corrected(model: VoiceModel, point: Floats, asked: Mapping[str, float], n_corrections: int) -> Sequence[Candidate]:
    """Candidates at a point of the distribution: the first without a correction, and one after each correction."""
    voice, made = model.space.voice_at(point), list[Candidate]()
    phonemes = model.phonemes(TEST_TEXTS[model.language], model.language)
    for number in range(n_corrections + 1):
        sound = model.speak(voice, phonemes, model.language)
        measured = measure_attributes(model.space, sound, len(phonemes.split()))
        made.append(Candidate(point=point, voice=voice, measured=measured))
        if number < n_corrections:
            voice = adjust_voice(model.space, voice, asked, measured)
    return made
