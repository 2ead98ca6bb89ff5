"""Run of a manifest: its rows are validated, planned and processed; the same call resumes a stopped run."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hierbatch.engine.carried_takes import carry_takes
from hierbatch.engine.edits_in_force import EditsInForce
from hierbatch.engine.execution import Execution
from hierbatch.engine.planning import MapTables, keep_manifest_values
from hierbatch.engine.progress import RunListener
from hierbatch.engine.requested_takes import RequestedTakes
from hierbatch.engine.retakes import Retakes
from hierbatch.engine.reused_retakes import reusable_retakes, reuse_retakes
from hierbatch.engine.run_folder import RunFolder, lock_run, open_generation
from hierbatch.engine.session import SessionResult, open_table_mapper, run_session
from hierbatch.engine.worker import WorkerSpec
from hierbatch.errors import InputError
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.quality import MeasureChoice, Quality
from hierbatch.jobs.shards import run_folder, shard_spec
from hierbatch.jobs.specs.base import JobSpec, ValidatedSpec
from hierbatch.jobs.specs.voices import write_voice_table
from hierbatch.jobs.status import RunCounts, count_rows
from hierbatch.manifest.books.row_selection import RowSelection
from hierbatch.manifest.columns.measures import declare_columns
from hierbatch.manifest.columns.schema import take_schema
from hierbatch.manifest.runs.plan_sources import discard_audio, open_source_store
from hierbatch.manifest.runs.plan_units import PlanUnits
from hierbatch.manifest.tables.parquet_writing import write_rows
from hierbatch.manifest.tables.shard import parse_shard
from hierbatch.manifest.takes.filters import read_filter
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.storage import write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """Job specification, run folder and workers of a run."""

    spec: JobSpec
    out: Path
    execution: Execution = field(default_factory=Execution)
    quality: MeasureChoice = field(default_factory=Quality)
    default_filter: str | None = None
    """Filter rules in TOML (see `hierbatch.manifest.takes.filters`) that are used if `quality` names no file.

    They are stored with the run. Rejected takes are retaken, and the rules help to rank the takes of a row.
    """
    control: RunControl = field(default_factory=RunControl)
    selection: RowSelection = field(default_factory=RowSelection)
    """Rows to process now; all other rows stay pending."""
    shard: str = ""
    """Share of the rows, such as `3/8`, which has a run folder of its own; empty for all rows."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """Counts of the rows of a run, and the result of this session."""

    out: Path
    counts: RunCounts
    session: SessionResult


def run(job: RunJob, listener: RunListener | None = None) -> RunOutcome:
    """Process every row of a manifest that has no take yet.

    Raises:
        InputError: the manifest, a voice, an option or the device is invalid; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the run folder is in use or was created with other settings, or no worker can start.
        StorageError: the disk is full; finished rows are kept.
    """
    listener = listener or RunListener()
    placement = job.spec.model.placement
    check_device(placement, job.execution)
    measures = job.quality.chosen
    measures.check()
    shard = parse_shard(job.shard) if job.shard else None
    spec = job.spec.check()
    if shard:
        spec = shard_spec(spec, shard)
    filter_toml = _read_filter(job, spec)
    for notice in spec.notices:
        listener.on_message(notice)
    origin = {**job.spec.origin(), **measures.to_origin()}
    folder = RunFolder(run_folder(job.out, shard))
    folder.make()
    with lock_run(folder):
        folder.remove_leftovers()
        generation = open_generation(folder, spec.settings(), origin, update=job.control.update)
        if filter_toml is not None:
            folder.write_filter(filter_toml)
        is_planned = bool(folder.plan_files(generation))
        # Recordings embedded in the manifest are not sent through Ray.
        is_read_here = is_planned or spec.has_sources
        with open_table_mapper(job.execution, 0 if is_read_here else spec.n_rows) as map_tables:
            if not is_planned:
                listener.on_message(f"Planning {spec.n_rows} rows")
                edits = EditsInForce(folder.root)
                _write_plan(folder, generation, spec, map_tables, edits)
                for notice in edits.notices:
                    listener.on_message(notice)
            folder.delete_old_sources(before=generation)
            worker_spec = WorkerSpec.from_run(folder, generation, origin, placement)
            retakes = Retakes(take_settings=spec.take_settings, max_retakes=job.quality.max_retakes)
            requested = RequestedTakes(folder, generation, spec.take_settings, None if spec.has_sources else spec.read)
            session = run_session(
                folder, generation, worker_spec, job.execution, listener, retakes, requested, job.selection
            )
    return RunOutcome(folder.root, count_rows(folder.root), session)


def check_device(placement: DevicePlacement, execution: Execution) -> None:
    """Validate a device before any work; devices of a remote cluster are checked there.

    Raises:
        InputError: the workers run on this machine and it does not have the device, or a GPU number is given although
            Ray assigns the GPUs.
    """
    if not execution.ray_address:
        placement.check_available()
    if placement.has_device_index and execution.engine == "ray":
        raise InputError(
            "Ray assigns each worker its GPU, so a GPU number cannot be chosen",
            expected="--device cuda",
            got=f"--device {placement.device}",
            fix="set CUDA_VISIBLE_DEVICES to choose among GPUs, or pass --engine local",
        )


def _read_filter(job: RunJob, spec: ValidatedSpec) -> str | None:
    """Filter rules of the run as TOML text, or None; rules from a file are checked against the columns of takes."""
    if job.quality.filter is None:
        return job.default_filter
    columns = declare_columns(take_schema(spec.plan_schema()), job.quality.chosen.columns)
    read_filter(job.quality.filter, columns)
    return job.quality.filter.read_text(encoding="utf-8")


def _write_plan(
    folder: RunFolder, generation: int, spec: ValidatedSpec, map_tables: MapTables, edits: EditsInForce
) -> None:
    """Write the plan of a generation, after the files that it refers to, so that these exist whenever the plan does."""
    reuse = partial(reuse_retakes, later=reusable_retakes(folder), take_settings=spec.take_settings)
    write_voice_table(spec.prompts, folder.voices_file(generation))
    kept = open_source_store(folder.sources_file(generation)) if spec.has_sources else nullcontext(discard_audio)
    with write_atomically(folder.plan_file(generation)) as temporary, kept as store_sources:
        edit_rows = keep_manifest_values if spec.has_sources else edits.apply
        write_rows(spec.plan(map_tables, store_sources, reuse, edit_rows), spec.plan_schema(), temporary)
        carry_takes(folder, generation, temporary, spec.take_settings)
        units = PlanUnits.from_plan(temporary)  # read here: in an object store, it would be read back from there
    units.store(folder.units_file(folder.plan_file(generation)), folder.tmp)
