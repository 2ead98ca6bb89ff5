"""Further attempts at rows that failed or are flagged; the existing take is used until a better one is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.engine.attempts import latest_plan_rows, plan_attempt, reread_rejected
from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.engine.run_folder import RunFolder, lock_run
from hierbatch.engine.session import run_session
from hierbatch.engine.worker import WorkerSpec
from hierbatch.errors import InputError, RunError
from hierbatch.jobs.recorded_run import open_recorded_run
from hierbatch.jobs.run import RunOutcome, check_device
from hierbatch.jobs.status import count_rows
from hierbatch.manifest.runs.take_ids import digest_rows
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.object_path import arrow_source


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJob:
    """Run and selection of the takes to retry; if nothing is selected, all failed takes."""

    run: Path
    kinds: tuple[str, ...] = ()
    """Retry failed takes with these kinds of errors, such as `crash` or `synthesis`."""
    flags: tuple[str, ...] = ()
    """Retry successful takes with any of these flags, such as `clipped` or `too_long`."""
    ids: tuple[str, ...] = ()
    device: DeviceChoice = field(default_factory=DeviceChoice)
    execution: Execution = field(default_factory=Execution)


def retry(job: RetryJob, listener: RunListener | None = None) -> RunOutcome:
    """Plan another attempt at each selected row, and process these rows and all rows that have no take yet.

    The attempt has a new seed, unless the manifest sets the seed of the row.

    Raises:
        InputError: no take matches the selection, or the device does not exist.
        RunError: the folder is not a run or has no plan, the run is in use, or its model or lexicon has changed.
        StorageError: the disk is full; finished rows are kept.
    """
    listener = listener or RunListener()
    check_device(job.device.placement, job.execution)
    folder = RunFolder(job.run)
    folder.newest()  # raises RunError if the folder is not a run
    with lock_run(folder):
        folder.make()  # a copy of a run may lack its empty folders
        folder.remove_leftovers()
        record = open_recorded_run(folder)
        takes = Takes(job.run)
        selected = _select_ids(job, takes)
        plans = folder.plan_files(record.generation)
        if not plans:
            raise RunError(f"{job.run} is not planned yet", fix="finish `hierbatch run` first")
        rows = reread_rejected(
            latest_plan_rows(plans, selected, takes), record.reread, record.take_settings.voice_sha256
        )
        rows = plan_attempt(rows, record.take_settings, keep_manifest_seeds=True)
        listener.on_message(f"Retrying {len(rows)} rows")
        if len(rows):
            target = folder.retry_plan_file(plans, digest_rows(rows))
            write_table([rows], pq.read_schema(arrow_source(plans[0])), target)
        worker_spec = WorkerSpec.from_run(folder, record.generation, record.origin, job.device.placement)
        session = run_session(
            folder,
            record.generation,
            worker_spec,
            job.execution,
            listener,
            requested=record.requested_takes(),
        )
    return RunOutcome(job.run, count_rows(job.run), session)


def _select_ids(job: RetryJob, takes: Takes) -> pa.Array:
    """Ids of the rows to retry."""
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
