"""`hierbatch retry`: retry selected rows of a run."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import options
from hierbatch.cli.composed import command
from hierbatch.engine.execution import Execution
from hierbatch.models.catalog.model_choice import DeviceChoice


@command
def retry(
    run: options.RunPath,
    kind: Annotated[
        list[str] | None, typer.Option(help="Rows that failed with this error kind, e.g. crash; repeatable.")
    ] = None,
    flag: Annotated[list[str] | None, typer.Option(help="Takes with this flag, e.g. clipped; repeatable.")] = None,
    id_: Annotated[list[str] | None, typer.Option("--id", help="Row id; repeatable.")] = None,
    *,
    device: DeviceChoice,
    execution: Execution,
) -> None:
    """Retry rows with another seed: all failed rows, or the selected ones.

    A take is replaced only by a better one. Of two good takes, the first counts
    until `hierbatch choose` pins the other.

    Example: hierbatch retry runs/first --flag clipped
    """
    from hierbatch.cli.licenses import print_model_license_warnings
    from hierbatch.cli.outcome import exit_code, print_outcome
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.engine.run_folder import RunFolder
    from hierbatch.jobs.retry import RetryJob
    from hierbatch.jobs.retry import retry as retry_job
    from hierbatch.jobs.run import check_device

    job = RetryJob(
        run=run,
        kinds=tuple(kind or ()),
        flags=tuple(flag or ()),
        ids=tuple(id_ or ()),
        device=device,
        execution=execution,
    )
    check_device(device.placement, execution)  # reported first, as by every command
    print_model_license_warnings(RunFolder(run).newest_complete()["origin"]["model"])
    with ProgressLine() as line:
        outcome = retry_job(job, line.listener())
    print_outcome(outcome)
    raise typer.Exit(exit_code(outcome))
