"""A manifest to takes: checked, planned, worked, each row put down once; the same call goes on where it stopped."""

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
from hierbatch.jobs.order import CheckedOrder, Order
from hierbatch.jobs.status import Standing, read_standing
from hierbatch.jobs.voices import write_shelf
from hierbatch.manifest.plan_sources import forget_sources, kept_sources
from hierbatch.manifest.store import write_rows
from hierbatch.models.placement import Placement
from hierbatch.storage import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """What to speak or convert, where the takes go, and who works."""

    order: Order
    out: Path
    device: str = "cpu"
    """A `Placement` in one word."""
    workforce: Workforce = field(default_factory=Workforce)
    retakes: int = 1
    """How often a row that comes out wrong is made again, with another seed."""
    filter_toml: str | None = None
    """Rules (`hierbatch.manifest.filters`) to keep with the run: they call for another take, and say which of several
    is best."""
    update: bool = False
    """Start a new generation where the folder was made with other settings or another manifest."""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The run as it stands now, and what this sitting did for it."""

    out: Path
    standing: Standing
    sitting: Sitting


def run(job: RunJob, watch: Watch | None = None) -> RunOutcome:
    """Work every row of a manifest that has no take yet.

    Raises:
        InputError: the manifest, a voice, an option or the device is wrong; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the folder is in use or belongs to other settings, or no worker can start.
        StorageError: the disk is full; what is finished stands.
    """
    watch = watch or Watch()
    check_device(job.device, job.workforce)
    order = job.order.check()
    for notice in order.notices:
        watch.notice(notice)
    origin = job.order.origin()
    folder = RunFolder(job.out)
    folder.make()
    with hold(folder):
        folder.sweep()
        generation = open_generation(folder, order.settings(), origin, update=job.update)
        if job.filter_toml is not None:
            folder.keep_filter(job.filter_toml)
        is_planned = bool(folder.plan_files(generation))
        # Recordings that lie in the manifest itself stay out of Ray.
        is_read_here = is_planned or order.has_sources
        with open_readers(job.workforce, 0 if is_read_here else order.n_rows) as map_tables:
            if not is_planned:
                watch.notice(f"Planning {order.n_rows} rows")
                _plan(folder, generation, order, map_tables)
            folder.drop_sources(before=generation)
            spec = WorkerSpec.of(folder, generation, origin, job.device)
            retakes = Retakes(asked=order.asked, most=job.retakes)
            sitting = work(folder, generation, spec, job.workforce, watch, retakes)
    return RunOutcome(job.out, read_standing(job.out), sitting)


def check_device(device: str, workforce: Workforce) -> None:
    """Refuse a device before any work; what the machines of a cluster have, only they can tell.

    Raises:
        InputError: no such device or dtype, or not on this machine where the workers are here; or a certain GPU where
            Ray hands them out.
    """
    placement = Placement.parse(device)
    if not workforce.address:
        placement.check_here()
    if placement.names_a_gpu and workforce.engine == "ray":
        raise InputError(
            "Ray gives each worker its GPU, which is the worker's only one",
            wanted="--device cuda",
            got=f"--device {placement.device}",
            mend="set CUDA_VISIBLE_DEVICES to choose among GPUs, or pass --engine local",
        )


def _plan(folder: RunFolder, generation: int, order: CheckedOrder, map_tables: MapTables) -> None:
    """The plan is put down last: where it stands, all that it needs stands."""
    carry = partial(carry_over, later=later_attempts(folder), asked=order.asked)
    write_shelf(order.prompts, folder.voices_file(generation))
    kept = kept_sources(folder.sources_file(generation)) if order.has_sources else nullcontext(forget_sources)
    with write_whole(folder.plan_file(generation)) as aside, kept as keep_sources:
        write_rows(order.plan(map_tables, keep_sources, carry), order.plan_schema(), aside)
