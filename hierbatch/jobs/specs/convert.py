"""Specification of a voice conversion run: recordings, target voices and a model, validated before workers start."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hierbatch.audio.pitch_trackers import DEFAULT_TRACKER, pitch_tracker
from hierbatch.engine.planning import TakeSettings
from hierbatch.errors import BundleError
from hierbatch.jobs.specs.error_collector import ErrorCollector
from hierbatch.jobs.specs.recordings import check_source_root, check_sources, recordings_origin
from hierbatch.jobs.specs.rows_and_voices import find_rows_and_voices
from hierbatch.jobs.specs.speak import ValidatedSpec
from hierbatch.jobs.specs.voices import (
    VoiceChoice,
    accept_any_prompt,
    prepare_some_voices,
)
from hierbatch.models.catalog.model_info import ModelInfo, read_upsampler_info
from hierbatch.models.catalog.open_model import DEFAULT_FACTORY, find_model_info
from hierbatch.stages.score_takes import Measures
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import CONVERT


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertSpec:
    """Recordings to convert and their target voices."""

    manifest: Path
    voices: VoiceChoice
    source_root: Path | None = None
    """Base folder of relative source paths, which no recording may leave; None means the manifest's folder."""
    pitch_semitones: float = 0.0
    """Transposition of rows without their own, relative to the target voice's range."""
    rate_hz: int | None = None
    """Output sample rate; None keeps the rate of each recording."""
    f0: str = DEFAULT_TRACKER
    """Pitch tracker for recordings and target voices, one of `PITCH_TRACKERS`."""
    full_band: str | None = None
    """SpeechSR bundle for bandwidth extension of conversions above 16 kHz; None leaves the band above 8 kHz empty."""
    seed: int = 0
    bundle: str = "lite"
    model_factory: str = DEFAULT_FACTORY
    measures: Measures = field(default_factory=Measures)
    """Optional quality measures of the takes."""

    @property
    def root(self) -> Path:
        """Base folder of relative source paths."""
        return self.source_root or self.manifest.parent

    def origin(self) -> dict[str, str]:
        """Provenance entry of the run's record."""
        full_band = {"full_band": self.full_band} if self.full_band else {}
        return {**recordings_origin(self, CONVERT), "f0": self.f0, **full_band, **self.measures.to_origin()}

    def check(self) -> ValidatedSpec:
        """Validate manifest, voices, recordings and model; all errors are reported at once.

        A voice that cannot be used fails only the rows that name it.

        Raises:
            InputError: the manifest or an option is invalid, or no voice or no recording can be used.
            BundleError: the model cannot be loaded, or does not convert recordings.
        """
        errors = ErrorCollector()
        root = errors.attempt(lambda: check_source_root(self.root))
        errors.attempt(self.measures.check)
        track = errors.attempt(lambda: pitch_tracker(self.f0))
        model = errors.attempt(lambda: find_conversion_model(self.model_factory, self.bundle))
        upsampler = errors.attempt(lambda: read_upsampler_info(self.full_band) if self.full_band else None)
        found = find_rows_and_voices(self.manifest, self.voices, errors, one_of=("source",))
        sources = errors.attempt(lambda: check_sources(found.manifest, root))
        check_prompt = partial(model.check_prompt, track=track) if model and track else accept_any_prompt
        prompts, unusable = errors.attempt(
            lambda: prepare_some_voices(
                found.voices,
                check_prompt,
                denoise_ratio=self.voices.denoise_ratio,
                model_denoises=bool(model and model.can_denoise),
            )
        ) or ({}, {})
        errors.raise_any()
        assert found.manifest  # raise_any() has raised otherwise; the same holds below
        assert found.n_rows
        assert sources
        assert model
        take_settings = TakeSettings(
            task=CONVERT.name,
            defaults={"voice": found.default, "pitch_semitones": self.pitch_semitones, "rate_hz": self.rate_hz},
            seed=self.seed,
            voice_sha256={name: prompt.sha256 for name, (_, prompt) in prompts.items()},
            fingerprint=model.fingerprint,
            force_default_voice=found.force_default_voice,
            run_settings=self._settings_in_key(upsampler),
        )
        return ValidatedSpec(
            manifest=found.manifest,
            n_rows=found.n_rows,
            prompts=prompts,
            take_settings=take_settings,
            model=model.name,
            read=ReadSource(self.root, unusable),
            inputs={"sources": sources.state},
            row_notices=(*map(str, unusable.values()), *sources.notices),
        )

    def _settings_in_key(self, upsampler: ModelInfo | None) -> dict[str, str]:
        """Settings of the whole run that enter the take key, if they differ from the default."""
        f0 = {} if self.f0 == DEFAULT_TRACKER else {"f0": self.f0}
        return f0 | ({"full_band": f"{upsampler.name}:{upsampler.fingerprint}"} if upsampler else {})


def find_conversion_model(factory: str, bundle: str) -> ModelInfo:
    """Find a voice conversion model.

    Raises:
        BundleError: the model does not exist or does not convert recordings.
    """
    model = find_model_info(factory, bundle)
    if not model.can_convert:
        raise BundleError(
            "The model does not convert recordings",
            got=model.name,
            fix="choose another with --model; HierSpeech++ converts once it is imported with a folder of mms-300m",
        )
    return model
