"""Specification of a dubbing run: the manifest of an imported folder, and prepared voice prompts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.engine.planning import TakeSettings
from hierbatch.jobs.options.recordings import DubSettings
from hierbatch.jobs.specs.base import ValidatedSpec
from hierbatch.jobs.specs.recordings import recordings_origin, scan_sources
from hierbatch.jobs.specs.voices import PreparedVoices
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest
from hierbatch.manifest.tables.store import open_table
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import ModelInfo
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import DUB


@dataclass(frozen=True, slots=True, kw_only=True)
class DubSpec:
    """Manifest of an imported folder, the prompts of the voices that its rows name, and the model."""

    manifest: Path
    prompts: PreparedVoices
    info: ModelInfo
    """Properties of the model."""
    dubbing: DubSettings = field(default_factory=DubSettings)
    model: ModelChoice = field(default_factory=ModelChoice)

    @property
    def root(self) -> Path:
        """Base folder of relative source paths."""
        return Path("/")  # the import writes absolute paths

    def origin(self) -> dict[str, str]:
        """Entry `origin` in the run record: paths of the inputs, task and model."""
        return recordings_origin(self, DUB)

    def check(self) -> ValidatedSpec:
        """Validate the manifest, and hash the file status of the recordings.

        Raises:
            ManifestError: the manifest cannot be read.
        """
        manifest = open_table(self.manifest, MANIFEST_COLUMNS)
        take_settings = TakeSettings(
            task=DUB.name,
            defaults={},
            seed=self.dubbing.seed,
            voice_sha256={name: prompt.sha256 for name, (_, prompt) in self.prompts.items()},
            fingerprint=self.info.fingerprint,
        )
        return ValidatedSpec(
            manifest=manifest,
            n_rows=check_manifest(manifest, ManifestRequirements(one_of=("cast",), needs_voice=False)),
            prompts=self.prompts,
            take_settings=take_settings,
            model=self.info.name,
            read=ReadSource(self.root),
            inputs={"sources": scan_sources(manifest, self.root).state},
        )
