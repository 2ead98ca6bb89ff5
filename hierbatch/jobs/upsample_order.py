"""What is to be given a higher rate: recordings and a SpeechSR, checked before a worker starts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from hierbatch.engine.planning import Asked
from hierbatch.errors import BundleError, InputError
from hierbatch.jobs.order import CheckedOrder
from hierbatch.jobs.problems import Problems
from hierbatch.jobs.recordings import check_source_root, check_sources, recordings_origin
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
            InputError: the manifest, the folder or the rate is wrong, or no recording is there.
            BundleError: the model cannot be loaded, or is no SpeechSR of that rate.
        """
        problems = Problems()
        root = problems.attempt(lambda: check_source_root(self.root))
        model = problems.attempt(lambda: find_upsampler(self.model_factory, self.bundle))
        manifest = problems.attempt(lambda: open_table(self.manifest, MANIFEST_COLUMNS))
        expected = Expected(one_of=("source",), needs_voice=False)
        n_rows = problems.attempt(lambda: check_manifest(manifest, expected) if manifest else None)
        sources = problems.attempt(lambda: check_sources(manifest, root))
        rates_hz = {self.rate_hz, *(_named_rates(manifest) if manifest and n_rows else ())}
        problems.attempt(lambda: _check_rates(rates_hz, model) if model else None)
        problems.raise_any()
        assert manifest  # or something would have been raised; so with the others
        assert n_rows
        assert sources
        assert model
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
            inputs={"sources": sources.state},
            row_notices=sources.notices,
        )


def find_upsampler(factory: str, bundle: str) -> ModelOutline:
    """The outline of a model that raises rates; raises BundleError for any other."""
    model = find_outline(factory, bundle)
    if not model.upsamples_to_hz:
        raise BundleError("The model does not raise the rate of recordings", got=model.name)
    return model


def _check_rates(rates_hz: Collection[int], model: ModelOutline) -> None:
    strange = sorted(set(rates_hz) - set(model.upsamples_to_hz))
    if strange:
        raise InputError(
            f"Model {model.name!r} does not give {'these rates' if len(strange) > 1 else 'this rate'}",
            wanted=" or ".join(map(str, model.upsamples_to_hz)),
            got=", ".join(f"{rate_hz} Hz" for rate_hz in strange),
        )


def _named_rates(manifest: TableFile) -> set[int]:
    """Rates that rows ask for themselves."""
    if "rate_hz" not in manifest.schema.names:
        return set()
    columns = (rows.column("rate_hz") for rows in manifest.batches(["rate_hz"]))
    return {rate for column in columns for rate in pc.unique(column.drop_null()).to_pylist()}
