"""What a run came to, in words and as an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hierbatch.cli import exit_codes

if TYPE_CHECKING:
    from hierbatch.jobs.run import RunOutcome
    from hierbatch.jobs.status import Standing


def tell_outcome(outcome: RunOutcome) -> None:
    """Print how a run stands after a sitting, and what to do next."""
    from hierbatch.engine.progress import clock

    sitting = outcome.sitting
    print(f"{outcome.out}: {tell_counts(outcome.standing)}")
    if sitting.n_worked:
        print(
            f"This time: {sitting.n_worked} rows, {clock(sitting.sound_s)} of sound in {clock(sitting.wall_s)}, "
            f"{sitting.times_real_time:.1f} x real time"
        )
    tell_flaws(outcome.standing)
    if sitting.ending == "interrupted":
        print("Stopped when asked; the same command goes on.")
    elif sitting.ending == "failures":
        print(f"Stopped: too many rows fail, {sitting.n_failed} of {sitting.n_worked}. Mostly:")
        for reason, count in sitting.reasons:
            print(f"  {count} x {reason}")
        print("Mend the cause, then run the same command again; `hierbatch retry` makes the failed rows anew.")
    elif outcome.standing.n_failed:
        print(f"hierbatch retry {outcome.out} tries the failed rows again.")


def tell_flaws(standing: Standing) -> None:
    """Print why rows failed and what looks wrong with others."""
    for kind, count in standing.error_kinds.items():
        print(f"  failed, {kind}: {count}")
    for flag, count in standing.flags.items():
        print(f"  flagged, {flag}: {count}")


def tell_counts(standing: Standing) -> str:
    """Rows done, failed and missing, and the hours of sound."""
    from hierbatch.engine.progress import clock

    failed = f", {standing.n_failed} failed" if standing.n_failed else ""
    missing = f", {standing.n_missing} not done yet" if standing.n_missing else ""
    return f"{standing.n_ok} of {standing.n_rows} rows done{failed}{missing}, {clock(standing.sound_s)} of sound"


def exit_code(outcome: RunOutcome) -> int:
    """What the shell is told."""
    by_ending = {"interrupted": exit_codes.INTERRUPTED, "failures": exit_codes.STOPPED}
    done = exit_codes.FAILED_ROWS if outcome.standing.n_failed else exit_codes.OK
    if outcome.standing.n_missing:  # another driver was at work there, too: the same command goes on
        done = exit_codes.STOPPED
    return by_ending.get(outcome.sitting.ending, done)
