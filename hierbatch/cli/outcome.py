"""Result of a run, as text and as an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hierbatch.cli import exit_codes

if TYPE_CHECKING:
    from hierbatch.jobs.run import RunOutcome
    from hierbatch.jobs.status import RunCounts


def print_outcome(outcome: RunOutcome) -> None:
    """Print the row counts of a run, the result of this session, and a command to continue."""
    from hierbatch.engine.progress import format_duration

    session = outcome.session
    print(f"{outcome.out}: {format_counts(outcome.counts)}")
    if session.n_worked:
        print(
            f"This session: {session.n_worked} rows, {format_duration(session.sound_s)} of audio "
            f"in {format_duration(session.wall_s)}, "
            f"{session.times_real_time:.1f} x real time"
        )
    print_failures_and_flags(outcome.counts)
    if session.ending == "interrupted":
        print("Interrupted; the same command resumes.")
    elif session.ending == "failures":
        print(f"Stopped: too many rows failed, {session.n_failed} of {session.n_worked}. Most frequent errors:")
        for reason, count in session.reasons:
            print(f"  {count} x {reason}")
        print("Fix the cause and run the same command again; `hierbatch retry` retries the failed rows.")
    elif outcome.counts.n_failed:
        print(f"To retry the failed rows: hierbatch retry {outcome.out}")


def print_clips(out: Path, *, clips: bool) -> None:
    """Write the takes as files if requested, and print their number."""
    from hierbatch.jobs.clips import write_clips

    if clips:
        print(f"{out / 'export' / 'clips'}: {write_clips(out)} files")


def print_failures_and_flags(counts: RunCounts) -> None:
    """Print the number of rows with each error kind and each flag."""
    for kind, count in counts.error_kinds.items():
        print(f"  failed, {kind}: {count}")
    for flag, count in counts.flags.items():
        print(f"  flagged, {flag}: {count}")


def format_counts(counts: RunCounts) -> str:
    """Format the rows done, failed and missing, and the total duration of the audio."""
    from hierbatch.engine.progress import format_duration

    failed = f", {counts.n_failed} failed" if counts.n_failed else ""
    missing = f", {counts.n_missing} not done yet" if counts.n_missing else ""
    return f"{counts.n_ok} of {counts.n_rows} rows done{failed}{missing}, {format_duration(counts.sound_s)} of audio"


def exit_code(outcome: RunOutcome) -> int:
    """Exit code for the outcome of a run."""
    by_ending = {"interrupted": exit_codes.INTERRUPTED, "failures": exit_codes.STOPPED}
    done = exit_codes.FAILED_ROWS if outcome.counts.n_failed else exit_codes.OK
    if outcome.counts.n_missing:  # another driver was working on the run; the same command resumes
        done = exit_codes.STOPPED
    return by_ending.get(outcome.session.ending, done)
