"""`hierbatch status`: progress of a run."""

from __future__ import annotations

from dataclasses import asdict

from hierbatch.cli import options


def status(run: options.RunPath, json: options.Json = False) -> None:
    """Print the progress of a run.

    Reads only its files: works from any shell, during the run or after a crash.

    Example: hierbatch status runs/first
    """
    from hierbatch.cli.json_output import print_json
    from hierbatch.cli.outcome import format_counts, print_failures_and_flags
    from hierbatch.engine.progress import format_duration
    from hierbatch.jobs.status import read_status

    found = read_status(run)
    if json:
        print_json(asdict(found))
        return
    remaining = f", about {format_duration(found.remaining_s)} left" if found.remaining_s is not None else ""
    running = f"running{remaining}" if found.is_running else "not running"
    print(f"{run}: generation {found.generation} of {found.started_at}, {running}")
    if found.unplanned:
        state = "is being planned" if found.is_running else "has no plan yet; rerun its command to resume"
        print(f"Counts are of generation {found.generation}: generation {found.unplanned} {state}")
    print(f"{found.model}: {format_counts(found.counts)}")
    print_failures_and_flags(found.counts)
