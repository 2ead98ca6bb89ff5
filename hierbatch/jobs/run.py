"""Run a manifest: validate, plan and process it, committing each row once. The same call resumes a stopped run."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hierbatch.engine.carried import carry_over, later_attempts
from hierbatch.engine.planning import MapTables
from hierbatch.engine.progress import Watch
from hierbatch.engine.retakes import Retakes
from hierbatch.engine.run_folder import RunFolder, hold, open_generation
from hierbatch.engine.session import Sitting, Workforce, open_readers, work
from hierbatch.engine.worker import WorkerSpec
from hierbatch.errors import InputError
from hierbatch.jobs.specs.speak import Order, ValidatedSpec
from hierbatch.jobs.specs.voices import write_shelf
from hierbatch.jobs.status import RunCounts, read_standing
from hierbatch.manifest.plan_sources import forget_sources, kept_sources
from hierbatch.manifest.store import write_rows
from hierbatch.models.placement import Placement
from hierbatch.storage import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """Job specification, run folder and workers of a run."""

    order: Order
    out: Path
    device: str = "cpu"
    """A `Placement` as text, e.g. `cuda,bfloat16`."""
    workforce: Workforce = field(default_factory=Workforce)
    retakes: int = 1
    """Maximum number of retakes, with other seeds, of a row whose take is flagged."""
    filter_toml: str | None = None
    """Rules (`hierbatch.manifest.filters`) to store with the run: a rejected take is retaken, and the rules rank the
    takes of a row."""
    update: bool = False
    """Start a new generation if the run folder was created with other settings or another manifest."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """Row counts of the run, and the result of this session."""

    out: Path
    standing: RunCounts
    sitting: Sitting


def run(job: RunJob, watch: Watch | None = None) -> RunOutcome:
    """Process every row of a manifest that has no take yet.

    Raises:
        InputError: the manifest, a voice, an option or the device is invalid; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the run folder is in use or was created with other settings, or no worker can start.
        StorageError: the disk is full; finished rows are kept.
    """
    watch = watch or Watch()
    check_device(job.device, job.workforce)
    spec = job.order.check()
    for notice in spec.notices:
        watch.notice(notice)
    origin = job.order.origin()
    folder = RunFolder(job.out)
    folder.make()
    with hold(folder):
        folder.sweep()
        generation = open_generation(folder, spec.settings(), origin, update=job.update)
        if job.filter_toml is not None:
            folder.keep_filter(job.filter_toml)
        is_planned = bool(folder.plan_files(generation))
        # Recordings embedded in the manifest are not sent through Ray.
        is_read_here = is_planned or spec.has_sources
        with open_readers(job.workforce, 0 if is_read_here else spec.n_rows) as map_tables:
            if not is_planned:
                watch.notice(f"Planning {spec.n_rows} rows")
                _write_plan(folder, generation, spec, map_tables)
            folder.drop_sources(before=generation)
            worker_spec = WorkerSpec.of(folder, generation, origin, job.device)
            retakes = Retakes(asked=spec.asked, most=job.retakes)
            session = work(folder, generation, worker_spec, job.workforce, watch, retakes)
    return RunOutcome(job.out, read_standing(job.out), session)


def check_device(device: str, workforce: Workforce) -> None:
    """Validate a device before any work. Devices of a remote cluster are checked there.

    Raises:
        InputError: the device or dtype is unknown, this machine lacks it and the workers run here, or a single GPU is
            named although Ray assigns the GPUs.
    """
    placement = Placement.parse(device)
    if not workforce.address:
        placement.check_here()
    if placement.names_a_gpu and workforce.engine == "ray":
        raise InputError(
            "Ray assigns each worker its GPU, so a GPU number cannot be chosen",
            wanted="--device cuda",
            got=f"--device {placement.device}",
            mend="set CUDA_VISIBLE_DEVICES to choose among GPUs, or pass --engine local",
        )


def _write_plan(folder: RunFolder, generation: int, spec: ValidatedSpec, map_tables: MapTables) -> None:
    """Write the plan last: if it exists, everything it refers to exists."""
    reuse = partial(carry_over, later=later_attempts(folder), asked=spec.asked)
    write_shelf(spec.prompts, folder.voices_file(generation))
    kept = kept_sources(folder.sources_file(generation)) if spec.has_sources else nullcontext(forget_sources)
    with write_whole(folder.plan_file(generation)) as temporary, kept as keep_sources:
        write_rows(spec.plan(map_tables, keep_sources, reuse), spec.plan_schema(), temporary)
