"""Specification of a speech run: rows, voices and a model, validated before any worker starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.errors import BundleError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.base import ValidatedSpec, file_sha256
from hierbatch.jobs.specs.error_collector import ErrorCollector
from hierbatch.jobs.specs.rows_and_voices import find_rows_and_voices, prepare_rows
from hierbatch.manifest.books.cast import read_cast
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import ModelInfo
from hierbatch.models.catalog.open_model import read_model_info
from hierbatch.stages.tasks import SPEAK
from hierbatch.stages.text import PhonemizeText, front_ends


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
        """Entry `origin` in the run record: paths of the inputs, and the model."""
        lexicon = {"lexicon": str(self.speech.lexicon)} if self.speech.lexicon else {}
        return {"manifest": str(self.manifest), "model": self.model.model, **lexicon}


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
    rows = prepare_rows(found, spec.voices, model, errors)
    return rows.validated(
        rows.take_settings(
            SPEAK, seed=speech.seed, defaults={"language": speech.language, "speed": speech.speed}, cast=cast
        ),
        read=PhonemizeText(front_ends(lexicon, rows.model.frontend_versions), rows.unusable),
        inputs={"lexicon_sha256": file_sha256(speech.lexicon) if speech.lexicon else None},
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
