"""`hierbatch status`: progress of a run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hierbatch.cli import exit_codes, options


def status(
    run: options.RunPath,
    json: options.Json = False,
    verify: Annotated[bool, typer.Option("--verify", help="Also decode every take, and list damaged ones.")] = False,
    rebuild_index: Annotated[
        bool, typer.Option("--rebuild-index", help="First rebuild the index of committed rows from all parts.")
    ] = False,
) -> None:
    """Print the progress of a run.

    Reads files only, so it works from any shell, during the run or after a crash. With --verify, exits with 3 if a take
    is damaged.

    Example: hierbatch status runs/first
    """
    from hierbatch.cli.json_output import print_json
    from hierbatch.cli.outcome import format_counts, print_failures_and_flags
    from hierbatch.engine.progress import format_duration
    from hierbatch.jobs.status import read_status

    if rebuild_index:
        from hierbatch.jobs.rebuild_index import rebuild_index as rebuild

        rebuilt = rebuild(run)
        if not json:
            print(
                f"Index rebuilt: {rebuilt.n_rows} rows in {rebuilt.n_parts} parts, read in {rebuilt.wall_s:.1f} s "
                f"({rebuilt.parts_per_s:.0f} parts per second)"
            )
    found = read_status(run)
    verified = _verify(run) if verify else {}
    if json:
        print_json({**asdict(found), **verified})
    else:
        remaining = f", about {format_duration(found.remaining_s)} left" if found.remaining_s is not None else ""
        running = f"running{remaining}" if found.is_running else "not running"
        print(f"{run}: generation {found.generation} of {found.started_at}, {running}")
        if found.unplanned:
            state = "is being planned" if found.is_running else "has no plan yet; rerun its command to resume"
            print(f"Counts are of generation {found.generation}: generation {found.unplanned} {state}")
        print(f"{found.model}: {format_counts(found.counts)}")
        print_failures_and_flags(found.counts)
        _print_verification(run, verified)
    if verified and verified["damaged"]:
        raise typer.Exit(exit_codes.FAILED_ROWS)


def _verify(run: Path) -> dict[str, Any]:
    from hierbatch.jobs.verify import verify_takes

    found = verify_takes(run)
    return {"n_verified": found.n_takes, "damaged": [asdict(take) for take in found.damaged]}


def _print_verification(run: Path, verified: dict[str, Any]) -> None:
    if not verified:
        return
    for take in verified["damaged"]:
        print(f"  damaged, {take['id']}: {take['fault']}")
    print(f"{verified['n_verified']} takes verified, {len(verified['damaged'])} damaged")
    if verified["damaged"]:
        print(f"To synthesize them again: hierbatch retry {run} --id ID")
