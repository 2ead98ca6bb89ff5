"""Retry rows that failed or are flagged. A good take is kept until a better one is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.engine.attempts import attempt_again, newest_rows, read_refused_again, read_with_sources
from hierbatch.engine.planning import Asked
from hierbatch.engine.progress import Watch
from hierbatch.engine.run_folder import RunFolder, hold
from hierbatch.engine.session import Workforce, work
from hierbatch.engine.worker import WorkerSpec
from hierbatch.errors import InputError, RunError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.run import RunOutcome, check_device
from hierbatch.jobs.specs.speak import file_sha256
from hierbatch.jobs.status import read_standing
from hierbatch.manifest.plan_sources import PlanSources
from hierbatch.manifest.store import write_table
from hierbatch.manifest.take_names import digest_of
from hierbatch.manifest.takes import Takes
from hierbatch.models.catalog.open_model import find_outline
from hierbatch.object_path import readable
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import task_named
from hierbatch.stages.text import ReadText, front_ends


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJob:
    """Takes of a run to retry; without any selection, all that failed."""

    run: Path
    kinds: tuple[str, ...] = ()
    """Error kinds of failed takes, such as crash or synthesis."""
    flags: tuple[str, ...] = ()
    """Flags of successful takes, such as clipped or too_long."""
    ids: tuple[str, ...] = ()
    device: str = "cpu"
    workforce: Workforce = field(default_factory=Workforce)


def retry(job: RetryJob, watch: Watch | None = None) -> RunOutcome:
    """Plan another attempt with another seed, then process it together with all rows that are still missing.

    Raises:
        InputError: no take matches the selection, or the device does not exist.
        RunError: the folder is not a run, the run is in use, or its model has changed.
        StorageError: the disk is full; finished rows are kept.
    """
    watch = watch or Watch()
    check_device(job.device, job.workforce)
    folder = RunFolder(job.run)
    folder.newest()  # raises RunError if the folder is not a run
    with hold(folder):
        folder.make()  # a copy of a run may lack its empty folders
        folder.sweep()
        newest = folder.newest()
        generation, origin = int(newest["number"]), newest["origin"]
        take_settings = _take_settings(newest["settings"])
        _check_model(origin, take_settings.fingerprint)
        read = _reader(origin, newest["settings"], folder.sources_file(generation))
        takes = Takes(job.run)
        selected = _select_ids(job, takes)
        plans = folder.plan_files(generation)
        if not plans:
            raise RunError(f"{job.run} is not planned yet", mend="finish `hierbatch run` first")
        rows = read_refused_again(newest_rows(plans, selected, takes), read)
        rows = attempt_again(rows, take_settings, keeps_own_seeds=True)
        watch.notice(f"Retrying {len(rows)} rows")
        if len(rows):
            target = folder.retry_file(plans, digest_of(rows))
            write_table([rows], pq.read_schema(readable(plans[0])), target)
        worker_spec = WorkerSpec.of(folder, generation, origin, job.device)
        session = work(folder, generation, worker_spec, job.workforce, watch)
    return RunOutcome(job.run, read_standing(job.run), session)


def _check_model(origin: Mapping[str, str], fingerprint: str) -> None:
    model = find_outline(origin["model_factory"], origin["bundle"])
    if model.fingerprint != fingerprint:
        raise RunError(
            "The model has changed since the run", wanted=fingerprint, got=model.fingerprint, mend="run with --update"
        )


def _reader(origin: Mapping[str, str], settings: Mapping[str, Any], sources: Path) -> Callable[[pa.Table], pa.Table]:
    if "source_root" in origin:
        return partial(read_with_sources, read=ReadSource(Path(origin["source_root"])), sources=PlanSources(sources))
    return ReadText(front_ends(_lexicon(origin, settings["lexicon_sha256"])))


def _lexicon(origin: Mapping[str, str], sha256: str | None) -> Lexicon | None:
    if sha256 is None:
        return None
    path = Path(origin["lexicon"])
    lexicon = Lexicon.read(path)
    if file_sha256(path) != sha256:
        raise RunError(f"The lexicon {path} has changed since the run", mend="run with --update")
    return lexicon


def _take_settings(settings: dict[str, Any]) -> Asked:
    """Take settings of the run, from its record."""
    task = task_named(settings["task"])
    return Asked(
        task=task.name,
        defaults={name: settings.get(name) for name in task.defaulted},
        chosen={name: settings[name] for name in task.chosen if name in settings},
        seed=settings["seed"],
        voice_sha256=settings["voices"],
        fingerprint=settings["fingerprint"],
    )


def _select_ids(job: RetryJob, takes: Takes) -> pa.Array:
    """Ids of the takes to retry."""
    is_default = not (job.kinds or job.flags or job.ids)
    unknown = set(job.ids)
    selected: list[str] = []
    for table in takes.in_pieces(["id", "status", "error_kind", "flags"]):
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
        raise InputError("Some ids have no take", got=", ".join(sorted(unknown)[:10]), mend="correct --id")
    if not selected:
        raise InputError(
            "There is nothing to retry",
            wanted="failed rows, or --kind, --flag or --id that match some",
            mend="choose other rows; `hierbatch status` lists error kinds and flags",
        )
    return pa.array(selected, pa.string())
