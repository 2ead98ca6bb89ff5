"""`hierbatch doctor`: check the installation."""

from __future__ import annotations

import typer

from hierbatch.cli import exit_codes
from hierbatch.cli.composed import command
from hierbatch.models.catalog.model_choice import ModelName


@command
def doctor(*, model: ModelName) -> None:
    """Check every component of the installation and print how to fix failures.

    Example: hierbatch doctor --model lite
    """
    from hierbatch.jobs.doctor import check_installation

    findings = check_installation(model.model)
    width = max(len(finding.part) for finding in findings)
    for finding in findings:
        print(f"{'ok    ' if finding.is_ok else 'FAILED'} {finding.part.ljust(width)}  {finding.found}")
        if finding.fix:
            print(f"{'':{width + 8}} Fix: {finding.fix}")
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(exit_codes.BAD_INPUT)
