"""Specification of any job, and its validated form, from which a run is planned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from hierbatch.engine.planning import (
    EditRows,
    MapTables,
    ReuseRetakes,
    TakeSettings,
    keep_first_attempts,
    keep_manifest_values,
    plan_rows,
)
from hierbatch.jobs.specs.voices import PreparedVoices
from hierbatch.manifest.columns.schema import plan_schema
from hierbatch.manifest.runs.plan_sources import StoreSources, discard_audio
from hierbatch.manifest.tables.recordings_folder import list_recordings
from hierbatch.manifest.tables.store import TableFile
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import arrow_source, is_remote
from hierbatch.stages.base import Stage, check_chain
from hierbatch.stages.score_takes import ScoreTakes
from hierbatch.stages.tasks import find_task


class JobSpec(Protocol):
    """Specification of a job: texts or songs to synthesize, or recordings to convert, dub or upsample."""

    @property
    def model(self) -> ModelChoice:
        """Model, and the device on which it runs; the device is not part of the take key."""

    def origin(self) -> dict[str, str]:
        """Entry `origin` in the run record: paths of the inputs, and the model.

        Takes stay valid if only these paths change.
        """

    def check(self) -> ValidatedSpec:
        """Validate the specification before any worker starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedSpec:
    """A validated job specification, whose manifest, prompts and model fit each other."""

    manifest: TableFile
    n_rows: int
    prompts: PreparedVoices
    take_settings: TakeSettings
    model: str
    read: Stage
    """Stage that turns the text or recording of a row into the input of a worker."""
    inputs: dict[str, str | None]
    """Hashes of the inputs other than the manifest, by name."""
    row_notices: tuple[str, ...] = ()
    """Messages about rows, such as those that will fail because of an unusable voice or a missing recording."""

    @property
    def notices(self) -> list[str]:
        """Messages for the user about voices and rows."""
        voice_notices = [notice for _, prompt in self.prompts.values() for notice in prompt.notices]
        return [*voice_notices, *self.row_notices]

    @property
    def has_sources(self) -> bool:
        """True if the rows are recordings."""
        return "source" in find_task(self.take_settings.task).required_columns

    def settings(self) -> dict[str, Any]:
        """Settings that the takes depend on; without an update, a run can be resumed only if they are unchanged."""
        return {
            "task": self.take_settings.task,
            "manifest_sha256": file_sha256(self.manifest.path),
            **self.inputs,
            "voices": dict(sorted(self.take_settings.voice_sha256.items())),
            **self.take_settings.defaults,
            **self.take_settings.run_settings,
            **({"cast": dict(self.take_settings.cast)} if self.take_settings.cast else {}),
            "seed": self.take_settings.seed,
            "model": self.model,
            "fingerprint": self.take_settings.fingerprint,
        }

    def plan_schema(self) -> pa.Schema:
        """Schema of the plan of this run."""
        return plan_schema(self.manifest.schema, find_task(self.take_settings.task).required_columns)

    def plan(
        self,
        map_tables: MapTables = map,
        store_sources: StoreSources = discard_audio,
        reuse_retakes: ReuseRetakes = keep_first_attempts,
        edit_rows: EditRows = keep_manifest_values,
    ) -> Iterator[pa.Table]:
        """Yield the plan in tables of consecutive rows.

        Args:
            map_tables: function that runs the stage for texts or recordings on tables; `map` runs it in this process.
            store_sources: function that stores audio embedded in the manifest.
            reuse_retakes: function that replaces first attempts by later attempts of earlier generations.
            edit_rows: function that applies the edits by reviewers.
        """
        check_chain([find_task(self.take_settings.task).stage, ScoreTakes], self.plan_schema().names)
        return plan_rows(
            self.manifest, self.read, self.take_settings, map_tables, store_sources, reuse_retakes, edit_rows
        )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file; for a folder of recordings, of the list of its files."""
    if not is_remote(path) and path.is_dir():
        names = "\n".join(file.relative_to(path).as_posix() for file in list_recordings(path))
        return hashlib.sha256(names.encode()).hexdigest()
    with arrow_source(path) if is_remote(path) else path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
