"""What is to be converted: recordings, target voices and a model, checked against each other before a worker starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hierbatch.audio.pitch_trackers import EVERY_DAY, pitch_tracker
from hierbatch.engine.planning import Asked
from hierbatch.errors import BundleError, PromptError
from hierbatch.jobs.order import CheckedOrder
from hierbatch.jobs.problems import Problems
from hierbatch.jobs.recordings import check_source_root, check_sources, recordings_origin
from hierbatch.jobs.rows_and_voices import find_rows_and_voices
from hierbatch.jobs.voices import (
    CheckPrompt,
    PreparedVoices,
    VoiceChoice,
    refuse_voices,
    sift_voices,
    take_any_prompt,
)
from hierbatch.manifest.voices import VoiceRow
from hierbatch.models.outline import ModelOutline, outline_upsampler
from hierbatch.stages.appraise import Measures
from hierbatch.stages.loading import DEFAULT_FACTORY, find_outline
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import CONVERT


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertOrder:
    """Recordings to convert and the voices to convert them to."""

    manifest: Path
    voices: VoiceChoice
    source_root: Path | None = None
    """Where relative paths of recordings start, and what all of them stay under; the manifest's folder if None."""
    pitch_semitones: float = 0.0
    """Of rows that name none, above the target voice's own range."""
    rate_hz: int | None = None
    """Rate of what is made; None keeps each recording's own."""
    f0: str = EVERY_DAY
    """What finds the pitch of the recordings and of the target voices, one of `PITCH_TRACKERS`."""
    full_band: str | None = None
    """The SpeechSR that gives conversions above 16 kHz their top; None leaves it empty above 8 kHz."""
    seed: int = 0
    bundle: str = "lite"
    model_factory: str = DEFAULT_FACTORY
    measures: Measures = field(default_factory=Measures)
    """What is measured of the takes beyond their samples."""

    @property
    def root(self) -> Path:
        return self.source_root or self.manifest.parent

    def origin(self) -> dict[str, str]:
        top = {"full_band": self.full_band} if self.full_band else {}
        return {**recordings_origin(self, CONVERT), "f0": self.f0, **top, **self.measures.to_origin()}

    def check(self) -> CheckedOrder:
        """Find everything that is wrong before a worker starts; a voice that cannot be used fails its rows alone.

        Raises:
            InputError: the manifest or an option is wrong, or no voice or no recording can be used.
            BundleError: the model cannot be loaded, or does not convert.
        """
        problems = Problems()
        root = problems.attempt(lambda: check_source_root(self.root))
        problems.attempt(self.measures.check)
        track = problems.attempt(lambda: pitch_tracker(self.f0))
        model = problems.attempt(lambda: find_converter(self.model_factory, self.bundle))
        top = problems.attempt(lambda: outline_upsampler(self.full_band) if self.full_band else None)
        found = find_rows_and_voices(self.manifest, self.voices, problems, one_of=("source",))
        sources = problems.attempt(lambda: check_sources(found.manifest, root))
        check_prompt = partial(model.check_prompt, track=track) if model and track else take_any_prompt
        prompts, unusable = problems.attempt(
            lambda: self._sift(found.voices, check_prompt, bool(model and model.denoises))
        ) or ({}, {})
        problems.raise_any()
        assert found.manifest  # or something would have been raised; so with the others
        assert found.n_rows
        assert sources
        assert model
        asked = Asked(
            task=CONVERT.name,
            defaults={"voice": found.default, "pitch_semitones": self.pitch_semitones, "rate_hz": self.rate_hz},
            seed=self.seed,
            voice_sha256={name: prompt.sha256 for name, (_, prompt) in prompts.items()},
            fingerprint=model.fingerprint,
            one_voice=found.one_voice,
            chosen=self._chosen(top),
        )
        return CheckedOrder(
            manifest=found.manifest,
            n_rows=found.n_rows,
            prompts=prompts,
            asked=asked,
            model=model.name,
            read=ReadSource(self.root, unusable),
            inputs={"sources": sources.state},
            row_notices=(*map(str, unusable.values()), *sources.notices),
        )

    def _chosen(self, top: ModelOutline | None) -> dict[str, str]:
        """Settings of the whole run that are not the usual."""
        f0 = {} if self.f0 == EVERY_DAY else {"f0": self.f0}
        return f0 | ({"full_band": f"{top.name}:{top.fingerprint}"} if top else {})

    def _sift(
        self, voices: Iterable[VoiceRow], check_prompt: CheckPrompt, denoised_by_model: bool
    ) -> tuple[PreparedVoices, dict[str, PromptError]]:
        """Voices that can be used, and what is wrong with the others; raises InputError where it is all of them."""
        prompts, unusable = sift_voices(
            voices,
            check_prompt,
            allow_unknown=True,
            denoise_ratio=self.voices.denoise_ratio,
            denoised_by_model=denoised_by_model,
        )
        if not prompts:
            refuse_voices(list(unusable.values()))
        return prompts, unusable


def find_converter(factory: str, bundle: str) -> ModelOutline:
    """The outline of a model that converts; raises BundleError for any other."""
    model = find_outline(factory, bundle)
    if not model.converts:
        raise BundleError(
            "The model does not convert recordings",
            got=model.name,
            mend="choose another with --model; a published one converts once it is imported with a folder of mms-300m",
        )
    return model
