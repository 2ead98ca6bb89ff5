"""Worker that processes work units and commits each as one immutable part file.

The same class runs in a Ray actor and in the driver process.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Self
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.audio.pitch_trackers import DEFAULT_TRACKER
from hierbatch.engine.run_folder import RunFolder
from hierbatch.engine.work_units import WorkUnit, WorkUnitReport
from hierbatch.manifest.runs.plan_sources import PlanSources
from hierbatch.manifest.tables.parquet_writing import write_rows
from hierbatch.models.conversion.interface import DEFAULT_PITCH
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.object_path import is_remote
from hierbatch.stages.base import Stage
from hierbatch.stages.score_takes import Measures, ScoreTakes
from hierbatch.stages.take_maker import TakeMaker
from hierbatch.stages.tasks import SPEAK, StageConfig, find_task
from hierbatch.storage import replace_file, storage_error, write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """Parameters of a worker, as paths and names, since workers may start on other machines, and more than once."""

    run: Path
    """Run folder."""
    voices: Path
    """Voice table of the run."""
    sources: Path
    """File with the recordings that were inside the manifest, if any."""
    model: str
    """Name or folder of the bundle."""
    placement: DevicePlacement
    task: str = SPEAK.name
    f0: str = DEFAULT_TRACKER
    pitch: str = DEFAULT_PITCH
    full_band: str | None = None
    measures: Measures = field(default_factory=Measures)

    @classmethod
    def from_run(
        cls, folder: RunFolder, generation: int, origin: Mapping[str, str], placement: DevicePlacement
    ) -> Self:
        """Create the parameters for a generation of a run.

        Args:
            folder: the run.
            generation: number of the generation, from 1.
            origin: locations of the inputs, as recorded in `run.json`.
            placement: device and precision of the model.
        """
        return cls(
            run=folder.root.resolve(),
            voices=folder.voices_file(generation).resolve(),
            sources=folder.sources_file(generation).resolve(),
            model=origin["model"],
            placement=placement,
            task=origin.get("task", SPEAK.name),
            f0=origin.get("f0", DEFAULT_TRACKER),
            pitch=origin.get("pitch", DEFAULT_PITCH),
            full_band=origin.get("full_band"),
            measures=Measures.from_origin(origin),
        )


class Worker:
    """Worker that loads the model once, then processes units and commits their part files."""

    def __init__(self, spec: WorkerSpec) -> None:
        config = StageConfig(
            model=spec.model,
            placement=spec.placement,
            voices=spec.voices,
            self_check=spec.measures.semantic,
            f0=spec.f0,
            pitch=spec.pitch,
            full_band=spec.full_band,
        )
        self._folder = RunFolder(spec.run)
        self._sources = PlanSources(spec.sources)
        synthesize = find_task(spec.task).open_stage(config)
        self._stages: tuple[Stage, ...] = (synthesize, ScoreTakes(spec.measures, spec.voices))

    def encode_voices(self, names: Iterable[str]) -> None:
        """Encode voices in advance, so that no row has to wait for its voice."""
        for stage in self._stages:
            if isinstance(stage, TakeMaker):
                stage.encode_voices(names)

    def process(self, unit: WorkUnit) -> WorkUnitReport:
        """Process a unit, commit its part file, and return the report.

        Raises:
            SetupError: the run cannot continue; the unit was not committed.
        """
        started = perf_counter()
        takes = self._sources.fetch(unit.rows)
        for stage in self._stages:
            takes = stage(takes)
        commit_part(self._folder, unit.name, [takes], takes.schema)
        return _report(takes, perf_counter() - started)


def commit_part(folder: RunFolder, name: str, takes: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Write takes to a temporary file, flush it, and rename it into `parts/`.

    If a unit is processed twice, its part file is overwritten with the same rows. In an object store, the PUT request
    is the commit.

    Args:
        folder: the run.
        name: name of the unit, and stem of the part file.
        takes: tables of takes, in order.
        schema: schema of the part file.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    if is_remote(folder.root):
        with write_atomically(folder.part_file(name)) as temporary:
            write_rows(takes, schema, temporary)
        return
    # A unique name: a worker declared lost, perhaps on another machine, may still be writing the same unit.
    temporary = folder.tmp / f"{name}-{uuid4().hex}.parquet"
    try:
        write_rows(takes, schema, temporary)
        _make_part_folder(folder, folder.part_file(name).parent)
        replace_file(temporary, folder.part_file(name))
    except OSError as error:
        raise storage_error(error, folder.part_file(name)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _make_part_folder(folder: RunFolder, part_folder: Path) -> None:
    """Create a folder of parts, and flush its entry to disk."""
    if part_folder.is_dir():
        return
    part_folder.mkdir(exist_ok=True)
    descriptor = os.open(folder.parts, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _report(takes: pa.Table, work_s: float) -> WorkUnitReport:
    kinds = pc.value_counts(takes.column("error_kind").drop_null()).to_pylist()
    error_kinds = {entry["values"]: entry["counts"] for entry in kinds}
    n_failed = sum(error_kinds.values())
    return WorkUnitReport(
        n_ok=takes.num_rows - n_failed,
        n_failed=n_failed,
        sound_s=float(pc.sum(takes.column("duration_s")).as_py() or 0.0),
        work_s=work_s,
        error_kinds=error_kinds,
        reasons=dict(Counter(_reasons(takes))),
    )


def _reasons(takes: pa.Table) -> Iterator[str]:
    failed = takes.filter(takes.column("error_kind").is_valid())
    for kind, error in zip(failed.column("error_kind").to_pylist(), failed.column("error").to_pylist(), strict=True):
        # Only the problem itself: the actual value differs from row to row.
        yield f"{kind}: {(error or '').partition('. ')[0].rstrip('.')[:120]}"
