"""`hierbatch report`: HTML report of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.object_path import local_path


def report(
    run: Annotated[Path, typer.Argument(parser=local_path, help="Run folder.")],
    out: Annotated[Path | None, typer.Option(parser=local_path, help="Page to write. Default: in RUN/export.")] = None,
    worst: Annotated[int, typer.Option(min=0, max=48, metavar="N", help="Number of worst takes to show.")] = 24,
    no_compare_voices: Annotated[
        bool, typer.Option("--no-compare-voices", help="Do not compare takes with prompts; saves a few seconds.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing page.")] = False,
) -> None:
    """Write a self-contained HTML report of a run.

    Shows totals, failures, figures, the worst takes with players, and every voice.

    Example: hierbatch report runs/first
    """
    from hierbatch.analysis.report_page import PageLimits
    from hierbatch.jobs.report import ReportJob, write_report

    limits = PageLimits(n_worst=worst)
    job = ReportJob(run=run, out=out, overwrite=overwrite, compare_voices=not no_compare_voices, limits=limits)
    path = write_report(job)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
