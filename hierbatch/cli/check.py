"""`hierbatch check`: check audio files against a delivery profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli import exit_codes


def check(
    files: Annotated[list[Path], typer.Argument(help="MP3, M4A, M4B, FLAC, Ogg Opus or WAV files.")],
    profile: Annotated[str, typer.Option(help="Delivery profile: acx, ebu or podcast.")],
) -> None:
    """Check audio files against a delivery profile.

    Prints a pass/fail table per file. Exits with 3 if any rule fails.
    """
    from hierbatch.cli.report_table import report_table
    from hierbatch.delivery.profiles import find_profile
    from hierbatch.jobs.check import CheckJob, check_files

    n_failed = 0
    for report in check_files(CheckJob(files=tuple(files), profile=profile)):
        print(report_table(report))
        n_failed += not report.passed
    if note := find_profile(profile).note:
        print(note)
    if n_failed:
        raise typer.Exit(exit_codes.FAILED_ROWS)
