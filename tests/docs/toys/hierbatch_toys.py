"""A measure and a task of another package, as docs/extending.md shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from hierbatch.audio.waveform import Waveform
from hierbatch.engine.planning import TakeSettings
from hierbatch.jobs.specs.base import ValidatedSpec
from hierbatch.jobs.specs.recordings import check_sources
from hierbatch.manifest.columns.column import Column, Scale
from hierbatch.manifest.columns.measures import Measure
from hierbatch.manifest.columns.rows import PlannedRecording
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest
from hierbatch.manifest.tables.store import open_table
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.stages.batching import BatchLimits
from hierbatch.stages.recordings import open_source
from hierbatch.stages.scoring import Score, ScoringOptions, TakeToScore
from hierbatch.stages.sources import ReadSource, source_identity
from hierbatch.stages.take_maker import Opened, TakeMaker
from hierbatch.stages.takes import sound_facts
from hierbatch.stages.tasks import StageConfig, Task


class CrestScorer:
    """Crest factor: peak over RMS, in dB."""

    def __init__(self, options: ScoringOptions) -> None:
        """Load nothing; a network would be loaded here, once per worker."""

    def __call__(self, take: TakeToScore) -> Score:
        """Score a take."""
        samples = take.waveform.samples.astype(np.float64)
        crest_db = 10 * np.log10(np.square(samples).max() / np.square(samples).mean())
        return Score({"crest_db": crest_db}, ("squashed",) if crest_db < 2.5 else ())


CREST = Measure(
    name="crest",
    columns=(
        Column(
            "crest_db",
            pa.float32(),
            "Crest factor: peak over RMS.",
            Scale(title="Crest factor", short="crest", unit="dB", low=0, high=40),
        ),
    ),
    flags=("squashed",),
    scorer="hierbatch_toys:CrestScorer",
)


@dataclass(frozen=True)
class Backwards:
    """A model without weights."""

    name: str = "backwards"
    fingerprint: str = "1"


class Reverse(TakeMaker[PlannedRecording, Waveform, Waveform]):
    """Plays recordings backwards."""

    reads: ClassVar[tuple[str, ...]] = (
        "id", "take_key", "attempt", "language", "seed", "source", "source_sha256", "expected_duration_s",
        "error_kind", "error",
    )  # fmt: skip

    def __init__(self, config: StageConfig) -> None:
        super().__init__(Backwards(), None, device="cpu", limits=BatchLimits())

    def read_row(self, row: Mapping[str, Any]) -> PlannedRecording:
        return PlannedRecording.from_row(row)

    def open(self, row: PlannedRecording) -> Waveform:
        return open_source(row.content, row.path, row.source_sha256)

    def length_s(self, item: Opened[PlannedRecording, Waveform]) -> float:
        return item.source.duration_s

    def make(self, batch: Sequence[Opened[PlannedRecording, Waveform]]) -> list[Waveform]:
        return [Waveform(item.source.samples[::-1].copy(), item.source.rate_hz) for item in batch]

    def measure(self, item: Opened[PlannedRecording, Waveform], result: Waveform) -> dict[str, Any]:
        return sound_facts(result, item.source.duration_s, item.row.id)

    def settings(self, row: PlannedRecording) -> Mapping[str, Any]:
        return {"source_sha256": row.source_sha256}


REVERSE = Task(
    name="reverse",
    required_columns=("id", "source", "language", "seed"),
    defaultable=(),
    column_defaults={},
    key_columns=("source", "source_sha256"),
    identify=source_identity,
    stage=Reverse,
    open_stage=Reverse,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseSpec:
    """Recordings to play backwards."""

    manifest: Path
    model: ModelChoice = field(default_factory=ModelChoice)

    def origin(self) -> dict[str, str]:
        """Provenance entry of the run's record."""
        return {"task": "reverse", "manifest": str(self.manifest), "model": ""}

    def check(self) -> ValidatedSpec:
        """Validate manifest and recordings."""
        manifest = open_table(self.manifest, MANIFEST_COLUMNS)
        n_rows = check_manifest(manifest, ManifestRequirements(one_of=("source",), needs_voice=False))
        sources = check_sources(manifest, self.manifest.parent)
        assert sources
        return ValidatedSpec(
            manifest=manifest,
            n_rows=n_rows,
            prompts={},
            take_settings=TakeSettings(
                task="reverse", defaults={}, seed=0, voice_sha256={}, fingerprint=Backwards().fingerprint
            ),
            model=Backwards().name,
            read=ReadSource(self.manifest.parent),
            inputs={"sources": sources.state},
            row_notices=sources.notices,
        )
