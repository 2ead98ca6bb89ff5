"""`hierbatch doctor`: check the installation."""

from __future__ import annotations

import typer

from hierbatch.cli import exit_codes
from hierbatch.cli.composed import command
from hierbatch.models.catalog.model_choice import ModelName


@command
def doctor(*, model: ModelName) -> None:
    """Check every component of the installation and print how to fix failures.

    Also prints the disk space of each dependency, including its own requirements.

    Example: hierbatch doctor --model lite
    """
    from hierbatch.jobs.doctor import check_installation

    findings = check_installation(model.model)
    width = max(len(finding.part) for finding in findings)
    for finding in findings:
        print(f"{'ok    ' if finding.is_ok else 'FAILED'} {finding.part.ljust(width)}  {finding.found}")
        if finding.fix:
            print(f"{'':{width + 8}} Fix: {finding.fix}")
    _print_sizes()
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(exit_codes.BAD_INPUT)


def _print_sizes() -> None:
    from hierbatch.jobs.installed_size import measure_dependency_sizes

    dependencies = measure_dependency_sizes()
    print(f"\nInstalled dependencies: {sum(dependency.n_bytes for dependency in dependencies) / 1e6:,.0f} MB")
    for dependency in dependencies:
        required = f"  with {', '.join(dependency.largest)}" if dependency.largest else ""
        print(f"{dependency.n_bytes / 1e6:8,.1f} MB  {dependency.name}{required}")
