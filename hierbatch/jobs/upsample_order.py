"""What is to be given a higher rate: recordings and a SpeechSR, checked before a worker starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from hierbatch.engine.planning import Asked
from hierbatch.errors import BundleError, InputError
from hierbatch.jobs.order import CheckedOrder
from hierbatch.jobs.recordings import check_source_root, recordings_origin, sources_state
from hierbatch.manifest.checks import Expected, check_manifest
from hierbatch.manifest.schema import MANIFEST_COLUMNS
from hierbatch.manifest.store import TableFile, open_table
from hierbatch.models.outline import DEFAULT_UPSAMPLER, ModelOutline
from hierbatch.stages.loading import UPSAMPLER_FACTORY, find_outline
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import UPSAMPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsampleOrder:
    """Recordings to give a top, and the rate to give it at."""

    manifest: Path
    rate_hz: int = 48_000
    """24000 or 48000; a row's own `rate_hz` comes first."""
    source_root: Path | None = None
    """Where relative paths of recordings start, and what all of them stay under; the manifest's folder if None."""
    bundle: str = DEFAULT_UPSAMPLER
    model_factory: str = UPSAMPLER_FACTORY

    @property
    def root(self) -> Path:
        return self.source_root or self.manifest.parent

    def origin(self) -> dict[str, str]:
        return recordings_origin(self, UPSAMPLE)

    def check(self) -> CheckedOrder:
        """Find everything that is wrong before a worker starts.

        Raises:
            InputError: the manifest, the folder or the rate is wrong.
            BundleError: the model cannot be loaded, or is no SpeechSR of that rate.
        """
        check_source_root(self.root)
        manifest = open_table(self.manifest, MANIFEST_COLUMNS)
        model = find_outline(self.model_factory, self.bundle)
        n_rows = check_manifest(manifest, Expected(one_of=("source",), needs_voice=False))
        for rate_hz in sorted({self.rate_hz, *_named_rates(manifest)}):
            _check_rate(rate_hz, model)
        asked = Asked(
            task=UPSAMPLE.name,
            defaults={"rate_hz": self.rate_hz},
            seed=0,
            voice_sha256={},
            fingerprint=model.fingerprint,
        )
        return CheckedOrder(
            manifest=manifest,
            n_rows=n_rows,
            prompts={},
            asked=asked,
            model=model.name,
            read=ReadSource(self.root),
            inputs={"sources": sources_state(manifest, self.root)},
        )


def _check_rate(rate_hz: int, model: ModelOutline) -> None:
    rates = " or ".join(map(str, model.upsamples_to_hz))
    if not rates:
        raise BundleError("The model does not raise the rate of recordings", got=model.name)
    if rate_hz not in model.upsamples_to_hz:
        raise InputError(f"Model {model.name!r} does not give this rate", wanted=rates, got=f"{rate_hz} Hz")


def _named_rates(manifest: TableFile) -> set[int]:
    """Rates that rows ask for themselves."""
    if "rate_hz" not in manifest.schema.names:
        return set()
    columns = (rows.column("rate_hz") for rows in manifest.batches(["rate_hz"]))
    return {rate for column in columns for rate in pc.unique(column.drop_null()).to_pylist()}
