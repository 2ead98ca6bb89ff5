"""Retry rows that failed or are flagged. A good take is kept until a better one is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.engine.attempts import latest_plan_rows, plan_attempt, reread_rejected, reread_sources
from hierbatch.engine.execution import Execution
from hierbatch.engine.planning import TakeSettings
from hierbatch.engine.progress import RunListener
from hierbatch.engine.run_folder import RunFolder, lock_run
from hierbatch.engine.session import run_session
from hierbatch.engine.worker import WorkerSpec
from hierbatch.errors import InputError, RunError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.run import RunOutcome, check_device
from hierbatch.jobs.specs.speak import file_sha256
from hierbatch.jobs.status import count_rows
from hierbatch.manifest.plan_sources import PlanSources
from hierbatch.manifest.store import write_table
from hierbatch.manifest.take_ids import digest_rows
from hierbatch.manifest.takes import Takes
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.models.catalog.open_model import read_model_info
from hierbatch.object_path import arrow_source
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import find_task
from hierbatch.stages.text import PhonemizeText, front_ends


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJob:
    """Takes of a run to retry; without any selection, all that failed."""

    run: Path
    kinds: tuple[str, ...] = ()
    """Error kinds of failed takes, such as crash or synthesis."""
    flags: tuple[str, ...] = ()
    """Flags of successful takes, such as clipped or too_long."""
    ids: tuple[str, ...] = ()
    device: DeviceChoice = field(default_factory=DeviceChoice)
    execution: Execution = field(default_factory=Execution)


def retry(job: RetryJob, listener: RunListener | None = None) -> RunOutcome:
    """Plan another attempt with another seed, then process it together with all rows that are still missing.

    Raises:
        InputError: no take matches the selection, or the device does not exist.
        RunError: the folder is not a run, the run is in use, or its model has changed.
        StorageError: the disk is full; finished rows are kept.
    """
    listener = listener or RunListener()
    check_device(job.device.placement, job.execution)
    folder = RunFolder(job.run)
    folder.newest()  # raises RunError if the folder is not a run
    with lock_run(folder):
        folder.make()  # a copy of a run may lack its empty folders
        folder.remove_leftovers()
        newest = folder.newest_complete()
        generation, origin = int(newest["number"]), newest["origin"]
        take_settings = _take_settings(newest["settings"])
        _check_model(origin["model"], take_settings)
        read = _reader(origin, newest["settings"], folder.sources_file(generation))
        takes = Takes(job.run)
        selected = _select_ids(job, takes)
        plans = folder.plan_files(generation)
        if not plans:
            raise RunError(f"{job.run} is not planned yet", fix="finish `hierbatch run` first")
        rows = reread_rejected(latest_plan_rows(plans, selected, takes), read)
        rows = plan_attempt(rows, take_settings, keep_manifest_seeds=True)
        listener.on_message(f"Retrying {len(rows)} rows")
        if len(rows):
            target = folder.retry_plan_file(plans, digest_rows(rows))
            write_table([rows], pq.read_schema(arrow_source(plans[0])), target)
        worker_spec = WorkerSpec.from_run(folder, generation, origin, job.device.placement)
        session = run_session(folder, generation, worker_spec, job.execution, listener)
    return RunOutcome(job.run, count_rows(job.run), session)


def _check_model(name: str, settings: TakeSettings) -> None:
    found = find_task(settings.task).read_model_info(name).fingerprint
    if found != settings.fingerprint:
        raise RunError(
            "The model has changed since the run", expected=settings.fingerprint, got=found, fix="run with --update"
        )


def _reader(origin: Mapping[str, str], settings: Mapping[str, Any], sources: Path) -> Callable[[pa.Table], pa.Table]:
    if "source_root" in origin:
        return partial(reread_sources, read=ReadSource(Path(origin["source_root"])), sources=PlanSources(sources))
    versions = read_model_info(origin["model"]).frontend_versions
    return PhonemizeText(front_ends(_lexicon(origin, settings.get("lexicon_sha256")), versions))


def _lexicon(origin: Mapping[str, str], sha256: str | None) -> Lexicon | None:
    if sha256 is None:
        return None
    path = Path(origin["lexicon"])
    lexicon = Lexicon.read(path)
    if file_sha256(path) != sha256:
        raise RunError(f"The lexicon {path} has changed since the run", fix="run with --update")
    return lexicon


def _take_settings(settings: dict[str, Any]) -> TakeSettings:
    """Take settings of the run, from its record."""
    task = find_task(settings["task"])
    return TakeSettings(
        task=task.name,
        defaults={name: settings.get(name) for name in task.defaultable},
        run_settings={name: settings[name] for name in task.run_settings if name in settings},
        seed=settings["seed"],
        voice_sha256=settings["voices"],
        fingerprint=settings["fingerprint"],
    )


def _select_ids(job: RetryJob, takes: Takes) -> pa.Array:
    """Ids of the takes to retry."""
    is_default = not (job.kinds or job.flags or job.ids)
    unknown = set(job.ids)
    selected: list[str] = []
    for table in takes.iter_tables(["id", "status", "error_kind", "flags"]):
        listed = table.to_pylist()
        unknown -= {take["id"] for take in listed}
        selected += [
            take["id"]
            for take in listed
            if (is_default and take["status"] == "failed")
            or take["error_kind"] in job.kinds
            or set(take["flags"]) & set(job.flags)
            or take["id"] in job.ids
        ]
    if unknown:
        raise InputError("Some ids have no take", got=", ".join(sorted(unknown)[:10]), fix="correct --id")
    if not selected:
        raise InputError(
            "There is nothing to retry",
            expected="failed rows, or --kind, --flag or --id that match some",
            fix="choose other rows; `hierbatch status` lists error kinds and flags",
        )
    return pa.array(selected, pa.string())
