"""`hierbatch intake`: turn long recordings into rows of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.jobs.options.data import DataLayout
from hierbatch.jobs.options.intake import RowSettings
from hierbatch.object_path import local_path


@command
def intake(
    recordings: Annotated[
        list[Path], typer.Argument(parser=local_path, help="Folders or tables of recordings, in any layout.")
    ],
    out: Annotated[Path, typer.Option(parser=local_path, help="Folder of the rows: created, or resumed.")],
    *,
    layout: DataLayout,
    rows: RowSettings,
) -> None:
    """Divide long recordings into rows, with the quality measures that takes have.

    Recordings are divided at pauses, and by speaker where there are segments.
    OUT/rows.parquet lists every row, with the reasons for rejected ones, and is an
    input of `hierbatch prepare`. The same command resumes.

    Example: hierbatch intake interviews --language en --out rows
    """
    from hierbatch.engine.progress import format_duration
    from hierbatch.jobs.corpora.intake import TABLE, IntakeJob
    from hierbatch.jobs.corpora.intake import intake as intake_job

    result = intake_job(IntakeJob(recordings=tuple(recordings), out=out, layout=layout, rows=rows), typer.echo)
    print(f"{out / TABLE}: {result.n_kept} rows kept, {format_duration(result.kept_s)}")
    for rule, n_rows in sorted(result.n_rejected_by_rule.items()):
        print(f"  rejected, {rule}: {n_rows}")
    if result.unusable:
        print(f"  recordings that cannot be used: {len(result.unusable)}")
