"""Specification of a speech run: rows, voices and a model, validated before any worker starts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from hierbatch.engine.planning import (
    EditRows,
    MapTables,
    ReuseRetakes,
    TakeSettings,
    keep_first_attempts,
    keep_manifest_values,
    plan_rows,
)
from hierbatch.errors import BundleError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.error_collector import ErrorCollector
from hierbatch.jobs.specs.rows_and_voices import find_rows_and_voices, prepare_named_voices
from hierbatch.jobs.specs.voices import PreparedVoices, accept_any_prompt, other_model_notices
from hierbatch.manifest.cast import read_cast
from hierbatch.manifest.plan_sources import StoreSources, discard_audio
from hierbatch.manifest.recordings_folder import list_recordings
from hierbatch.manifest.schema import plan_schema
from hierbatch.manifest.store import TableFile
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import ModelInfo
from hierbatch.models.catalog.open_model import read_model_info
from hierbatch.object_path import arrow_source, is_remote
from hierbatch.stages.base import Stage, check_chain
from hierbatch.stages.score_takes import ScoreTakes
from hierbatch.stages.tasks import SPEAK, find_task
from hierbatch.stages.text import PhonemizeText, front_ends


class JobSpec(Protocol):
    """Specification of a job: texts to synthesize, or recordings to convert, dub or upsample."""

    @property
    def model(self) -> ModelChoice:
        """Model, and the device on which it runs; the device is not part of the take key."""

    def origin(self) -> dict[str, str]:
        """Entry on the origin of the takes in the record of the run: paths of the inputs, and the model.

        If only these paths change, the takes stay valid.
        """

    def check(self) -> ValidatedSpec:
        """Validate everything before any worker starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakSpec:
    """Texts to synthesize, their voices and the model."""

    manifest: Path
    voices: VoiceChoice
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    model: ModelChoice = field(default_factory=ModelChoice)
    cast: Path | None = None
    """Table with the columns `character` and `voice`, for the voices of rows that have a character and no voice."""

    def check(self) -> ValidatedSpec:
        """Validate the specification, see `validate_spec`."""
        return validate_spec(self)

    def origin(self) -> dict[str, str]:
        """Entry on the origin of the takes in the record of the run: paths of the inputs, and the model."""
        lexicon = {"lexicon": str(self.speech.lexicon)} if self.speech.lexicon else {}
        return {"manifest": str(self.manifest), "model": self.model.model, **lexicon}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedSpec:
    """A validated job specification, whose manifest, prompts and model fit each other."""

    manifest: TableFile
    n_rows: int
    prompts: PreparedVoices
    take_settings: TakeSettings
    model: str
    read: Stage
    """Stage that turns the text or recording of a row into the input of a worker."""
    inputs: dict[str, str | None]
    """Hashes of the inputs other than the manifest, by name."""
    row_notices: tuple[str, ...] = ()
    """Messages about rows, such as those that will fail because of an unusable voice or a missing recording."""

    @property
    def notices(self) -> list[str]:
        """Messages for the user about voices and rows."""
        voice_notices = [notice for _, prompt in self.prompts.values() for notice in prompt.notices]
        return [*voice_notices, *self.row_notices]

    @property
    def has_sources(self) -> bool:
        """True if the rows are recordings."""
        return "source" in find_task(self.take_settings.task).required_columns

    def settings(self) -> dict[str, Any]:
        """Settings that the takes depend on; a run can only be resumed if all of them are unchanged."""
        return {
            "task": self.take_settings.task,
            "manifest_sha256": file_sha256(self.manifest.path),
            **self.inputs,
            "voices": dict(sorted(self.take_settings.voice_sha256.items())),
            **self.take_settings.defaults,
            **self.take_settings.run_settings,
            **({"cast": dict(self.take_settings.cast)} if self.take_settings.cast else {}),
            "seed": self.take_settings.seed,
            "model": self.model,
            "fingerprint": self.take_settings.fingerprint,
        }

    def plan_schema(self) -> pa.Schema:
        """Schema of the plan of this run."""
        return plan_schema(self.manifest.schema, find_task(self.take_settings.task).required_columns)

    def plan(
        self,
        map_tables: MapTables = map,
        store_sources: StoreSources = discard_audio,
        reuse_retakes: ReuseRetakes = keep_first_attempts,
        edit_rows: EditRows = keep_manifest_values,
    ) -> Iterator[pa.Table]:
        """Yield the plan in tables of consecutive rows; `map_tables` runs the stage that reads texts or recordings.

        Args:
            map_tables: function that applies a stage to tables; `map` applies it in this process.
            store_sources: function that stores audio embedded in the manifest.
            reuse_retakes: function that replaces first attempts by later attempts of earlier generations.
            edit_rows: function that applies the edits of listeners.
        """
        check_chain([find_task(self.take_settings.task).stage, ScoreTakes], self.plan_schema().names)
        return plan_rows(
            self.manifest, self.read, self.take_settings, map_tables, store_sources, reuse_retakes, edit_rows
        )


def validate_spec(spec: SpeakSpec) -> ValidatedSpec:
    """Validate a specification before any worker starts; all errors are reported at once.

    Raises:
        InputError: the manifest, a voice or an option is invalid, or there are several errors.
        BundleError: the model cannot be loaded or does not read text, and there is no other error.
    """
    errors = ErrorCollector()
    speech = spec.speech
    lexicon = errors.attempt(lambda: Lexicon.read(speech.lexicon) if speech.lexicon else None)
    model = errors.attempt(lambda: find_speech_model(spec.model.model))
    cast = errors.attempt(lambda: read_cast(spec.cast) if spec.cast else {}) or {}
    found = find_rows_and_voices(
        spec.manifest,
        spec.voices,
        errors,
        one_of=("text", "phonemes"),
        languages=model.languages if model else None,
        default_language=speech.language,
        cast=cast,
    )
    prompts, unusable = prepare_named_voices(
        found,
        spec.voices,
        model.check_prompt if model else accept_any_prompt,
        can_denoise=bool(model and model.can_denoise),
        errors=errors,
    )
    errors.raise_any()
    assert found.manifest  # raise_any() has raised otherwise; the same holds below
    assert found.n_rows
    assert model
    take_settings = TakeSettings(
        task=SPEAK.name,
        defaults={"voice": found.default, "language": speech.language, "speed": speech.speed},
        seed=speech.seed,
        voice_sha256={name: prompt.sha256 for name, (_, prompt) in prompts.items()},
        fingerprint=model.fingerprint,
        force_default_voice=found.force_default_voice,
        cast=cast,
    )
    return ValidatedSpec(
        manifest=found.manifest,
        n_rows=found.n_rows,
        prompts=prompts,
        take_settings=take_settings,
        model=model.name,
        read=PhonemizeText(front_ends(lexicon, model.frontend_versions), unusable),
        inputs={"lexicon_sha256": file_sha256(speech.lexicon) if speech.lexicon else None},
        row_notices=(*found.notices, *other_model_notices(prompts, model), *map(str, unusable.values())),
    )


def find_speech_model(name: str) -> ModelInfo:
    """Read the properties of a speech model, given the name or folder of its bundle.

    Raises:
        BundleError: the model does not exist or does not read text.
    """
    model = read_model_info(name)
    if not model.languages:
        raise BundleError(
            "The model converts recordings and does not read text",
            got=model.name,
            fix="choose another with --model, or convert recordings with `hierbatch convert`",
        )
    return model


def file_sha256(path: Path) -> str:
    """SHA-256 of a file; for a folder of recordings, of the list of its files."""
    if not is_remote(path) and path.is_dir():
        names = "\n".join(file.relative_to(path).as_posix() for file in list_recordings(path))
        return hashlib.sha256(names.encode()).hexdigest()
    with arrow_source(path) if is_remote(path) else path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
