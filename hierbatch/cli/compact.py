"""`hierbatch compact`: merge the Parquet files of a run."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import options


def compact(
    run: options.RunPath,
    part_mb: Annotated[int, typer.Option(min=1, help="Target file size, in megabytes.")] = 256,
) -> None:
    """Merge the Parquet files of a finished run into few large ones.

    Superseded takes are dropped.

    Example: hierbatch compact runs/first
    """
    from hierbatch.jobs.compact import CompactJob
    from hierbatch.jobs.compact import compact as compact_job

    result = compact_job(CompactJob(run=run, part_bytes=part_mb << 20))
    print(f"{run}: {result.n_rows} takes in {result.n_parts} files, {result.n_parts_before} before")
