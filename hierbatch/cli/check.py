"""`hierbatch check`: check audio files against a delivery profile."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.names import find_path


def check(
    files: Annotated[list[Path], typer.Argument(parser=find_path, help="MP3, M4A, M4B, FLAC, Ogg Opus or WAV files.")],
    profile: Annotated[str | None, typer.Option(help="Delivery profile: acx, ebu or podcast.")] = None,
    watermark: Annotated[bool, typer.Option("--watermark", help="Find the watermark (extra watermark).")] = False,
    signature: Annotated[bool, typer.Option("--signature", help="Check the C2PA manifest (extra c2pa).")] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Measure files completely, even beyond 60 min of mono at 44.1 kHz.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Check audio files against a delivery profile, and for a watermark or a signature.

    Prints a pass/fail table per file. Exits with 3 if any rule fails.

    Example: hierbatch check audiobook/mp3/*.mp3 --profile acx
    """
    from hierbatch.cli.json_output import print_json
    from hierbatch.cli.report_table import report_table
    from hierbatch.delivery.profiles import find_profile
    from hierbatch.jobs.check import CheckJob, check_files

    job = CheckJob(files=tuple(files), profile=profile, whole=whole, watermark=watermark, signature=signature)
    reports = []
    for report in check_files(job):
        reports.append(report)
        if not json:
            print(report_table(report))
    note = find_profile(profile).note if profile else ""
    if json:
        print_json({"files": [{**asdict(report), "passed": report.passed} for report in reports], "note": note})
    elif note:
        print(note)
    if not all(report.passed for report in reports):
        raise typer.Exit(exit_codes.FAILED_ROWS)
