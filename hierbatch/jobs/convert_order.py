"""What is to be converted: recordings, target voices and a model, checked against each other before a worker starts."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.audio.pitch_trackers import EVERY_DAY, pitch_tracker
from hierbatch.engine.planning import Asked
from hierbatch.errors import BundleError, InputError
from hierbatch.jobs.order import CheckedOrder, used_voices
from hierbatch.jobs.problems import Problems
from hierbatch.jobs.voices import VoiceChoice, default_voice, list_voices, refuse_voices, sift_voices
from hierbatch.manifest.checks import Expected, check_manifest
from hierbatch.manifest.schema import MANIFEST_COLUMNS
from hierbatch.manifest.store import TableFile, open_table
from hierbatch.manifest.voices import check_consent
from hierbatch.models.outline import ModelOutline
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
    seed: int = 0
    bundle: str = "lite"
    model_factory: str = DEFAULT_FACTORY
    measures: Measures = field(default_factory=Measures)
    """What is measured of the takes beyond their samples."""

    @property
    def root(self) -> Path:
        return self.source_root or self.manifest.parent

    def origin(self) -> dict[str, str]:
        return {
            "task": CONVERT.name,
            "manifest": str(self.manifest),
            "source_root": str(self.root.resolve()),
            "bundle": self.bundle,
            "model_factory": self.model_factory,
            "f0": self.f0,
            **self.measures.to_origin(),
        }

    def check(self) -> CheckedOrder:
        """Find everything that is wrong before a worker starts; a voice that cannot be used fails its rows alone.

        Raises:
            InputError: the manifest or an option is wrong, or no voice can be used.
            BundleError: the model cannot be loaded, or does not convert.
        """
        problems = Problems()
        problems.attempt(lambda: check_source_root(self.root))
        problems.attempt(self.measures.check)
        problems.attempt(lambda: pitch_tracker(self.f0))
        manifest = problems.attempt(lambda: open_table(self.manifest, MANIFEST_COLUMNS))
        voices = problems.attempt(lambda: list_voices(self.voices))
        model = problems.attempt(lambda: find_converter(self.model_factory, self.bundle))
        speaks_all = self.voices.file is not None
        default = self.voices.default if voices is None else default_voice(self.voices, voices)
        expected = Expected(
            languages=None,
            voices=None if speaks_all or voices is None else [row.voice for row in voices],
            default_language=None,
            default_voice=default,
            one_of=("source",),
            needs_voice=voices is not None,
        )
        n_rows = problems.attempt(lambda: check_manifest(manifest, expected) if manifest else 0)
        used = used_voices(manifest if n_rows else None, voices or (), default, speaks_all=speaks_all)
        problems.attempt(lambda: check_consent(used, allow_unknown=self.voices.allow_unknown_consent))
        problems.raise_any()
        assert manifest  # or something would have been raised; so with the others
        assert n_rows
        assert model
        prompts, unusable = sift_voices(
            used, model.check_prompt, allow_unknown=True, denoise_ratio=self.voices.denoise_ratio
        )
        if not prompts:
            refuse_voices(list(unusable.values()))
        asked = Asked(
            task=CONVERT.name,
            defaults={"voice": default, "pitch_semitones": self.pitch_semitones, "rate_hz": self.rate_hz},
            seed=self.seed,
            voice_sha256={name: prompt.sha256 for name, (_, prompt) in prompts.items()},
            fingerprint=model.fingerprint,
            one_voice=speaks_all,
            chosen={} if self.f0 == EVERY_DAY else {"f0": self.f0},
        )
        return CheckedOrder(
            manifest=manifest,
            n_rows=n_rows,
            prompts=prompts,
            asked=asked,
            model=model.name,
            read=ReadSource(self.root, unusable),
            inputs={"sources": sources_state(manifest, self.root)},
            voice_notices=tuple(str(problem) for problem in unusable.values()),
        )


def find_converter(factory: str, bundle: str) -> ModelOutline:
    """The outline of a model that converts; raises BundleError for any other."""
    model = find_outline(factory, bundle)
    if not model.converts:
        raise BundleError("The model does not convert recordings", got=model.name)
    return model


def check_source_root(root: Path) -> None:
    """Raises InputError where the folder of recordings is not there."""
    if not root.is_dir():
        raise InputError("The folder of recordings is not there", wanted="a folder", got=str(root))


def sources_state(manifest: TableFile, root: Path) -> str:
    """A hash of where the recordings of a manifest stand, how large they are and when they were written.

    It tells a changed recording without reading any; whether a take is still right its key says.
    """
    digest = hashlib.sha256()
    for rows in manifest.batches(["source"]):
        for source in rows.column("source").to_pylist():
            if source is None or source["path"] is None or source["bytes"] is not None:
                continue
            try:
                found = os.stat(root / source["path"])
                state = f"{found.st_size} {found.st_mtime_ns}"
            except (OSError, ValueError):
                state = "missing"
            digest.update(f"{source['path']}\0{state}\n".encode())
    return digest.hexdigest()
