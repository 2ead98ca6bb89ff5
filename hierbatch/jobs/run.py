"""A manifest to takes: checked, planned, worked, each row put down once; the same call goes on where it stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.engine.progress import Watch
from hierbatch.engine.retakes import Retakes
from hierbatch.engine.run_folder import RunFolder, hold, open_generation
from hierbatch.engine.session import Sitting, Workforce, work
from hierbatch.engine.worker import WorkerSpec
from hierbatch.jobs.order import CheckedOrder, Order
from hierbatch.jobs.status import Standing, read_standing
from hierbatch.jobs.voices import write_shelf
from hierbatch.manifest.store import write_table


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """What to speak or convert, where the takes go, and who works."""

    order: Order
    out: Path
    device: str = "cpu"
    workforce: Workforce = field(default_factory=Workforce)
    retakes: int = 1
    """How often a row that comes out wrong is made again, with another seed."""
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
        InputError: the manifest, a voice or an option is wrong; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the folder is in use or belongs to other settings, or no worker can start.
        StorageError: the disk is full; what is finished stands.
    """
    watch = watch or Watch()
    order = job.order.check()
    for notice in order.notices:
        watch.notice(notice)
    origin = job.order.origin()
    folder = RunFolder(job.out)
    folder.make()
    with hold(folder):
        folder.sweep()
        generation = open_generation(folder, order.settings(), origin, update=job.update)
        _plan_once(folder, generation, order, watch)
        spec = WorkerSpec.of(folder, generation, origin, job.device)
        retakes = Retakes(asked=order.asked, most=job.retakes)
        sitting = work(folder, generation, spec, job.workforce, watch, retakes)
    return RunOutcome(job.out, read_standing(job.out), sitting)


def _plan_once(folder: RunFolder, generation: int, order: CheckedOrder, watch: Watch) -> None:
    """The plan is put down last: where it stands, all that it needs stands."""
    if not folder.plan_file(generation).exists():
        watch.notice(f"Planning {order.n_rows} rows")
        write_shelf(order.prompts, folder.voices_file(generation))
        write_table(order.plan(), order.plan_schema(), folder.plan_file(generation))
