"""What is to be dubbed, as the engine takes it: the manifest that the import wrote, and voices that were heard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hierbatch.engine.planning import Asked
from hierbatch.jobs.order import CheckedOrder
from hierbatch.jobs.recordings import find_sources, recordings_origin
from hierbatch.jobs.voices import PreparedVoices
from hierbatch.manifest.checks import Expected, check_manifest
from hierbatch.manifest.schema import MANIFEST_COLUMNS
from hierbatch.manifest.store import open_table
from hierbatch.models.outline import ModelOutline
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import DUB


@dataclass(frozen=True, slots=True, kw_only=True)
class DubOrder:
    """Rows of a folder that was imported, and the voices they name."""

    manifest: Path
    prompts: PreparedVoices
    model: ModelOutline
    seed: int
    bundle: str
    model_factory: str

    @property
    def root(self) -> Path:
        return Path("/")  # the import wrote full paths

    def origin(self) -> dict[str, str]:
        return recordings_origin(self, DUB)

    def check(self) -> CheckedOrder:
        manifest = open_table(self.manifest, MANIFEST_COLUMNS)
        asked = Asked(
            task=DUB.name,
            defaults={},
            seed=self.seed,
            voice_sha256={name: prompt.sha256 for name, (_, prompt) in self.prompts.items()},
            fingerprint=self.model.fingerprint,
        )
        return CheckedOrder(
            manifest=manifest,
            n_rows=check_manifest(manifest, Expected(one_of=("cast",), needs_voice=False)),
            prompts=self.prompts,
            asked=asked,
            model=self.model.name,
            read=ReadSource(self.root),
            inputs={"sources": find_sources(manifest, self.root).state},
        )
