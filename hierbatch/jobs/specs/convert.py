"""Specification of a voice conversion run: recordings, target voices and a model, validated before workers start."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hierbatch.audio.pitch_trackers import DEFAULT_TRACKER, pitch_tracker
from hierbatch.errors import BundleError
from hierbatch.jobs.options.recordings import ConversionSettings, SourceFolder
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.base import ValidatedSpec
from hierbatch.jobs.specs.error_collector import ErrorCollector
from hierbatch.jobs.specs.recordings import check_source_root, check_sources, folder_of, recordings_origin
from hierbatch.jobs.specs.rows_and_voices import find_rows_and_voices, prepare_rows
from hierbatch.jobs.specs.voices import accept_any_prompt
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import ModelInfo, read_upsampler_info
from hierbatch.models.catalog.open_model import read_model_info
from hierbatch.models.conversion.interface import DEFAULT_PITCH, parse_pitch
from hierbatch.models.upsampling.full_band import choose_upsampler
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import CONVERT


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertSpec:
    """Recordings to convert, their target voices and the model."""

    manifest: Path
    voices: VoiceChoice
    sources: SourceFolder = field(default_factory=SourceFolder)
    conversion: ConversionSettings = field(default_factory=ConversionSettings)
    model: ModelChoice = field(default_factory=ModelChoice)

    @property
    def root(self) -> Path:
        """Base folder of relative source paths; recordings outside it are rejected."""
        return self.sources.source_root or folder_of(self.manifest)

    @property
    def upsampler(self) -> str | None:
        """SpeechSR bundle for output rates above 16 kHz; None leaves the band above 8 kHz empty."""
        return choose_upsampler(self.model.model) if self.conversion.full_band else None

    @property
    def _pitch(self) -> dict[str, str]:
        """Setting `pitch` as a dictionary; empty if it has the default value."""
        return {} if self.conversion.pitch == DEFAULT_PITCH else {"pitch": self.conversion.pitch}

    def origin(self) -> dict[str, str]:
        """Entry `origin` in the run record: paths of the inputs, task, model and settings."""
        full_band = {"full_band": self.upsampler} if self.upsampler else {}
        return {**recordings_origin(self, CONVERT), "f0": self.conversion.f0, **self._pitch, **full_band}

    def check(self) -> ValidatedSpec:
        """Validate manifest, voices, recordings and model; all errors are reported at once.

        If a voice cannot be used, only the rows that name it fail.

        Raises:
            InputError: the manifest or an option is invalid, or no voice or no recording can be used.
            BundleError: the model cannot be loaded, or does not convert recordings.
        """
        errors = ErrorCollector()
        root = errors.attempt(lambda: check_source_root(self.root))
        errors.attempt(lambda: parse_pitch(self.conversion.pitch))
        track = errors.attempt(lambda: pitch_tracker(self.conversion.f0))
        model = errors.attempt(lambda: find_conversion_model(self.model.model))
        upsampler = errors.attempt(lambda: read_upsampler_info(self.upsampler) if self.upsampler else None)
        found = find_rows_and_voices(self.manifest, self.voices, errors, one_of=("source",))
        sources = errors.attempt(lambda: check_sources(found.manifest, root))
        check_prompt = partial(model.check_prompt, track=track) if model and track else accept_any_prompt
        rows = prepare_rows(found, self.voices, model, errors, check_prompt)
        assert sources  # prepare_rows() has raised otherwise
        return rows.validated(
            rows.take_settings(
                CONVERT,
                seed=self.conversion.seed,
                defaults={
                    "pitch_semitones": self.conversion.pitch_semitones,
                    "rate_hz": self.conversion.rate_hz,
                },
                run_settings=self._settings_in_key(upsampler),
            ),
            read=ReadSource(self.root, rows.unusable),
            inputs={"sources": sources.state},
            notices=sources.notices,
        )

    def _settings_in_key(self, upsampler: ModelInfo | None) -> dict[str, str]:
        """Settings of the whole run that are part of the take key, without those that have their default values."""
        f0 = {} if self.conversion.f0 == DEFAULT_TRACKER else {"f0": self.conversion.f0}
        return f0 | self._pitch | ({"full_band": f"{upsampler.name}:{upsampler.fingerprint}"} if upsampler else {})


def find_conversion_model(name: str) -> ModelInfo:
    """Read the properties of a voice conversion model, given the name or folder of its bundle.

    Raises:
        BundleError: the model does not exist or does not convert recordings.
    """
    model = read_model_info(name)
    if not model.can_convert:
        raise BundleError(
            "The model does not convert recordings",
            got=model.name,
            fix="choose another with --model; HierSpeech++ converts once it is imported with a folder of mms-300m",
        )
    return model
