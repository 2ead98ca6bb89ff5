"""`hierbatch status`: how a run stands."""

from __future__ import annotations

from hierbatch.cli import options


def status(run: options.RunPath) -> None:
    """Say how a run stands: from its files alone, so from any shell, during the run or after a crash."""
    from hierbatch.cli.outcome import tell_counts, tell_flaws
    from hierbatch.engine.progress import clock
    from hierbatch.jobs.status import read_status

    found = read_status(run)
    left = f", about {clock(found.left_s)} left" if found.left_s is not None else ""
    running = f"running{left}" if found.is_running else "not running"
    print(f"{run}: generation {found.generation} of {found.started_at}, {running}")
    if found.unplanned:
        waits = "is being planned" if found.is_running else "has no plan yet; the command that asked for it goes on"
        print(f"What follows is of generation {found.generation}: generation {found.unplanned} {waits}")
    print(f"{found.model}: {tell_counts(found.standing)}")
    tell_flaws(found.standing)
