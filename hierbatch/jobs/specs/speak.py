"""Specification of a speech run: rows, voices and a model, validated before any worker starts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from hierbatch.engine.planning import Asked, CarryOver, MapTables, as_planned, plan_rows
from hierbatch.errors import BundleError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.specs.problems import ErrorCollector
from hierbatch.jobs.specs.rows_and_voices import find_rows_and_voices
from hierbatch.jobs.specs.voices import PreparedVoices, VoiceChoice, accept_any_prompt, prepare_voices
from hierbatch.manifest.plan_sources import KeepSources, forget_sources
from hierbatch.manifest.schema import plan_schema
from hierbatch.manifest.store import TableFile
from hierbatch.models.catalog.model_info import ModelOutline
from hierbatch.models.catalog.open_model import DEFAULT_FACTORY, find_outline
from hierbatch.object_path import is_remote, readable
from hierbatch.stages.appraise import Appraise, Measures
from hierbatch.stages.base import Stage, check_chain
from hierbatch.stages.tasks import SPEAK, task_named
from hierbatch.stages.text import ReadText, front_ends


class Order(Protocol):
    """Specification of a job: texts to synthesize, or recordings to convert, dub or upsample."""

    def origin(self) -> dict[str, str]:
        """Provenance entry of the run's record: input paths and model. Moving the inputs does not change the takes."""

    def check(self) -> ValidatedSpec:
        """Validate everything before any worker starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOrder:
    """Texts to synthesize, their voices and the model. Device and workers are set elsewhere."""

    manifest: Path
    voices: VoiceChoice
    language: str | None = None
    """Language of rows without one."""
    speed: float = 1.0
    """Factor on the speaking rate of rows without one."""
    seed: int = 0
    lexicon: Path | None = None
    """Table of pronunciations."""
    bundle: str = "lite"
    model_factory: str = DEFAULT_FACTORY
    measures: Measures = field(default_factory=Measures)
    """Optional quality measures of the takes."""

    def check(self) -> ValidatedSpec:
        """Validate the specification, see `check_order`."""
        return check_order(self)

    def origin(self) -> dict[str, str]:
        """Provenance entry of the run's record."""
        lexicon = {"lexicon": str(self.lexicon)} if self.lexicon else {}
        return {
            "manifest": str(self.manifest),
            "bundle": self.bundle,
            "model_factory": self.model_factory,
            **lexicon,
            **self.measures.to_origin(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedSpec:
    """A validated job specification: manifest, prompts and model fit each other."""

    manifest: TableFile
    n_rows: int
    prompts: PreparedVoices
    asked: Asked
    model: str
    read: Stage
    """Stage that turns the text or recording of a row into the input of a worker."""
    inputs: dict[str, str | None]
    """Hashes of inputs other than the manifest."""
    row_notices: tuple[str, ...] = ()
    """Messages on rows that will fail because of an unusable voice or a missing recording."""

    @property
    def notices(self) -> list[str]:
        """Messages for the user on voices and recordings."""
        voice_notices = [notice for _, prompt in self.prompts.values() for notice in prompt.notices]
        return [*voice_notices, *self.row_notices]

    @property
    def has_sources(self) -> bool:
        """True if the rows are recordings."""
        return "source" in task_named(self.asked.task).settled

    def settings(self) -> dict[str, Any]:
        """Settings that the takes depend on. A run resumes only if all of them are unchanged."""
        return {
            "task": self.asked.task,
            "manifest_sha256": file_sha256(self.manifest.path),
            **self.inputs,
            "voices": dict(sorted(self.asked.voice_sha256.items())),
            **self.asked.defaults,
            **self.asked.chosen,
            "seed": self.asked.seed,
            "model": self.model,
            "fingerprint": self.asked.fingerprint,
        }

    def plan_schema(self) -> pa.Schema:
        """Schema of the plan of this run."""
        return plan_schema(self.manifest.schema, task_named(self.asked.task).settled)

    def plan(
        self,
        map_tables: MapTables = map,
        keep_sources: KeepSources = forget_sources,
        carry_over: CarryOver = as_planned,
    ) -> Iterator[pa.Table]:
        """Yield the plan in windows of rows. Texts are phonemized and recordings hashed by `map_tables`.

        Args:
            map_tables: applies a stage to tables; `map` runs it in this process.
            keep_sources: stores audio embedded in the manifest.
            carry_over: replaces first attempts by takes of earlier generations.
        """
        check_chain([task_named(self.asked.task).stage, Appraise], self.plan_schema().names)
        return plan_rows(self.manifest, self.read, self.asked, map_tables, keep_sources, carry_over)


def check_order(spec: SpeakOrder) -> ValidatedSpec:
    """Validate a specification before any worker starts; all errors are reported at once.

    Raises:
        InputError: the manifest, a voice or an option is invalid, or there are several errors.
        BundleError: the model cannot be loaded or does not read text, and there is no other error.
    """
    errors = ErrorCollector()
    errors.attempt(spec.measures.check)
    lexicon = errors.attempt(lambda: Lexicon.read(spec.lexicon) if spec.lexicon else None)
    model = errors.attempt(lambda: find_speech_model(spec.model_factory, spec.bundle))
    found = find_rows_and_voices(
        spec.manifest,
        spec.voices,
        errors,
        one_of=("text", "phonemes"),
        languages=model.languages if model else None,
        default_language=spec.language,
    )
    prompts = errors.attempt(
        lambda: prepare_voices(
            found.voices,
            model.check_prompt if model else accept_any_prompt,
            allow_unknown=True,
            denoise_ratio=spec.voices.denoise_ratio,
            model_denoises=bool(model and model.denoises),
        )
    )
    errors.raise_any()
    assert found.manifest  # raise_any() has raised otherwise; the same holds below
    assert found.n_rows
    assert model
    assert prompts is not None
    take_settings = Asked(
        task=SPEAK.name,
        defaults={"voice": found.default, "lang": spec.language, "speed": spec.speed},
        seed=spec.seed,
        voice_sha256={name: prompt.sha256 for name, (_, prompt) in prompts.items()},
        fingerprint=model.fingerprint,
        one_voice=found.one_voice,
    )
    return ValidatedSpec(
        manifest=found.manifest,
        n_rows=found.n_rows,
        prompts=prompts,
        asked=take_settings,
        model=model.name,
        read=ReadText(front_ends(lexicon)),
        inputs={"lexicon_sha256": file_sha256(spec.lexicon) if spec.lexicon else None},
    )


def find_speech_model(factory: str, bundle: str) -> ModelOutline:
    """Find a speech model.

    Raises:
        BundleError: the model does not exist or does not read text.
    """
    model = find_outline(factory, bundle)
    if not model.languages:
        raise BundleError(
            "The model converts recordings and does not read text",
            got=model.name,
            mend="choose another with --model, or convert recordings with `hierbatch convert`",
        )
    return model


def file_sha256(path: Path) -> str:
    """SHA-256 of a file that exists."""
    with readable(path) if is_remote(path) else path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
