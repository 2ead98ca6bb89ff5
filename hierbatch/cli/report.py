"""`hierbatch report`: a run as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.object_path import here


def report(
    run: Annotated[Path, typer.Argument(parser=here, help="A run folder.")],
    out: Annotated[
        Path | None, typer.Option(parser=here, help="Page to write; RUN/export/report.html by default.")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, max=48, help="How many of the worst takes to show.")] = 24,
    compare_voices: Annotated[bool, typer.Option(help="Compare takes and prompts: some seconds more.")] = True,
    overwrite: Annotated[bool, typer.Option(help="Replace a page that is there already.")] = False,
) -> None:
    """One self-contained page: totals, failures, pictures, the worst takes with players, every voice."""
    from hierbatch.analysis.report_page import PageLimits
    from hierbatch.jobs.report import ReportJob, write_report

    limits = PageLimits(n_worst=worst)
    job = ReportJob(run=run, out=out, overwrite=overwrite, compare_voices=compare_voices, limits=limits)
    path = write_report(job)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
