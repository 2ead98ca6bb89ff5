"""Specification of an upsampling run: recordings and a SpeechSR model, validated before any worker starts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc

from hierbatch.engine.planning import TakeSettings
from hierbatch.errors import InputError
from hierbatch.jobs.options.recordings import SourceFolder, UpsamplingModelChoice, UpsamplingSettings
from hierbatch.jobs.specs.base import ValidatedSpec
from hierbatch.jobs.specs.error_collector import ErrorCollector
from hierbatch.jobs.specs.recordings import check_source_root, check_sources, folder_of, recordings_origin
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest, column_notices, id_notices
from hierbatch.manifest.tables.store import TableFile, open_table
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import ModelInfo, read_upsampler_info
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import UPSAMPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsampleSpec:
    """Recordings to upsample, the output sample rate and the model."""

    manifest: Path
    sources: SourceFolder = field(default_factory=SourceFolder)
    upsampling: UpsamplingSettings = field(default_factory=UpsamplingSettings)
    model: ModelChoice = field(default_factory=UpsamplingModelChoice)

    @property
    def root(self) -> Path:
        """Base folder of relative source paths; recordings outside it are rejected."""
        return self.sources.source_root or folder_of(self.manifest)

    def origin(self) -> dict[str, str]:
        """Entry `origin` in the run record: paths of the inputs, task and model."""
        return recordings_origin(self, UPSAMPLE)

    def check(self) -> ValidatedSpec:
        """Validate manifest, recordings, sample rates and model; all errors are reported at once.

        Raises:
            InputError: the manifest, the folder or a rate is invalid, or no recording exists.
            BundleError: the model cannot be loaded, or is not a SpeechSR model.
        """
        errors = ErrorCollector()
        root = errors.attempt(lambda: check_source_root(self.root))
        model = errors.attempt(lambda: read_upsampler_info(self.model.model))
        manifest = errors.attempt(lambda: open_table(self.manifest, MANIFEST_COLUMNS).with_ids())
        expected = ManifestRequirements(one_of=("source",), needs_voice=False)
        n_rows = errors.attempt(lambda: check_manifest(manifest, expected) if manifest else None)
        sources = errors.attempt(lambda: check_sources(manifest, root))
        rates_hz = {self.upsampling.rate_hz, *(_named_rates(manifest) if manifest and n_rows else ())}
        errors.attempt(lambda: _check_rates(rates_hz, model) if model else None)
        errors.raise_any()
        assert manifest  # raise_any() has raised otherwise; the same holds below
        assert n_rows
        assert sources
        assert model
        take_settings = TakeSettings(
            task=UPSAMPLE.name,
            defaults={"rate_hz": self.upsampling.rate_hz},
            seed=0,
            voice_sha256={},
            fingerprint=model.fingerprint,
        )
        return ValidatedSpec(
            manifest=manifest,
            n_rows=n_rows,
            prompts={},
            take_settings=take_settings,
            model=model.name,
            read=ReadSource(self.root),
            inputs={"sources": sources.state},
            row_notices=(*column_notices(manifest.schema.names), *id_notices(manifest), *sources.notices),
        )


def _check_rates(rates_hz: Collection[int], model: ModelInfo) -> None:
    unsupported = sorted(set(rates_hz) - set(model.upsampling_rates_hz))
    if unsupported:
        raise InputError(
            f"Model {model.name!r} does not support {'these rates' if len(unsupported) > 1 else 'this rate'}",
            expected=" or ".join(map(str, model.upsampling_rates_hz)),
            got=", ".join(f"{rate_hz} Hz" for rate_hz in unsupported),
            fix="correct --rate-hz, or the column rate_hz",
        )


def _named_rates(manifest: TableFile) -> set[int]:
    """Sample rates set by rows, in Hz."""
    if "rate_hz" not in manifest.schema.names:
        return set()
    columns = (rows.column("rate_hz") for rows in manifest.batches(["rate_hz"]))
    return {rate for column in columns for rate in pc.unique(column.drop_null()).to_pylist()}
