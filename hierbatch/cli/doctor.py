"""`hierbatch doctor`: is everything here?"""

from __future__ import annotations

import typer

from hierbatch.cli import exit_codes, options


def doctor(model: options.Model = "lite") -> None:
    """Try every part the product stands on; say what is missing and how to mend it."""
    from hierbatch.jobs.doctor import examine

    findings = examine(model)
    width = max(len(finding.part) for finding in findings)
    for finding in findings:
        print(f"{'ok     ' if finding.is_well else 'MISSING'} {finding.part.ljust(width)}  {finding.found}")
        if finding.mend:
            print(f"{'':{width + 9}} To mend: {finding.mend}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(exit_codes.BAD_INPUT)
