"""Another attempt at rows that failed or look wrong; good takes stay until a better one stands."""

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
from hierbatch.jobs.order import file_sha256
from hierbatch.jobs.run import RunOutcome, check_device
from hierbatch.jobs.status import read_standing
from hierbatch.manifest.plan_sources import PlanSources
from hierbatch.manifest.store import write_table
from hierbatch.manifest.take_names import digest_of
from hierbatch.manifest.takes import Takes
from hierbatch.object_path import readable
from hierbatch.stages.loading import find_outline
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import task_named
from hierbatch.stages.text import ReadText, front_ends


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJob:
    """Which takes of a run to make again; without a choice, all that failed."""

    run: Path
    kinds: tuple[str, ...] = ()
    """Error kinds, such as crash or synthesis."""
    flags: tuple[str, ...] = ()
    """Flags of good takes, such as clipped or too_long."""
    ids: tuple[str, ...] = ()
    device: str = "cpu"
    workforce: Workforce = field(default_factory=Workforce)


def retry(job: RetryJob, watch: Watch | None = None) -> RunOutcome:
    """Plan another attempt with another seed, then work it and whatever else the run still asks for.

    Raises:
        InputError: nothing in the run matches the choice, or there is no such device.
        RunError: this is no run, it is in use, or its model has changed.
        StorageError: the disk is full; what is finished stands.
    """
    watch = watch or Watch()
    check_device(job.device, job.workforce)
    folder = RunFolder(job.run)
    folder.newest()  # or it is no run, and nothing to hold
    with hold(folder):
        folder.make()  # a copy of a run may lack its empty folders
        folder.sweep()
        newest = folder.newest()
        generation, origin = int(newest["number"]), newest["origin"]
        asked = _asked(newest["settings"])
        _check_model(origin, asked.fingerprint)
        read = _reader(origin, newest["settings"], folder.sources_file(generation))
        takes = Takes(job.run)
        chosen = _choose(job, takes)
        plans = folder.plan_files(generation)
        if not plans:
            raise RunError(f"{job.run} is not planned yet", mend="finish `hierbatch run` first")
        rows = read_refused_again(newest_rows(plans, chosen, takes), read)
        rows = attempt_again(rows, asked, keeps_own_seeds=True)
        watch.notice(f"Trying {len(rows)} rows again")
        if len(rows):
            target = folder.retry_file(plans, digest_of(rows))
            write_table([rows], pq.read_schema(readable(plans[0])), target)
        spec = WorkerSpec.of(folder, generation, origin, job.device)
        sitting = work(folder, generation, spec, job.workforce, watch)
    return RunOutcome(job.run, read_standing(job.run), sitting)


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


def _asked(settings: dict[str, Any]) -> Asked:
    """What the run was asked, from its record."""
    task = task_named(settings["task"])
    return Asked(
        task=task.name,
        defaults={name: settings.get(name) for name in task.defaulted},
        chosen={name: settings[name] for name in task.chosen if name in settings},
        seed=settings["seed"],
        voice_sha256=settings["voices"],
        fingerprint=settings["fingerprint"],
    )


def _choose(job: RetryJob, takes: Takes) -> pa.Array:
    """Ids of the takes to make again."""
    takes_all = not (job.kinds or job.flags or job.ids)
    unknown = set(job.ids)
    chosen: list[str] = []
    for piece in takes.in_pieces(["id", "status", "error_kind", "flags"]):
        listed = piece.to_pylist()
        unknown -= {take["id"] for take in listed}
        chosen += [
            take["id"]
            for take in listed
            if (takes_all and take["status"] == "failed")
            or take["error_kind"] in job.kinds
            or set(take["flags"]) & set(job.flags)
            or take["id"] in job.ids
        ]
    if unknown:
        raise InputError("There is no take of some ids", got=", ".join(sorted(unknown)[:10]))
    if not chosen:
        raise InputError("There is nothing to retry", wanted="failed rows, or --kind, --flag or --id that match some")
    return pa.array(chosen, pa.string())
