"""`hierbatch compact`: many small parts to few large ones."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import options


def compact(
    run: options.RunPath,
    part_mb: Annotated[int, typer.Option(min=1, help="Size of the new files, in megabytes.")] = 256,
) -> None:
    """Join a finished run's parts into large files, without takes that no longer count."""
    from hierbatch.jobs.compact import CompactJob
    from hierbatch.jobs.compact import compact as compact_job

    done = compact_job(CompactJob(run=run, part_bytes=part_mb << 20))
    print(f"{run}: {done.n_rows} takes in {done.n_parts} parts, {done.n_parts_before} before")
