"""Decisions on takes from the command line: to keep, pin or reject a take, or to undo an earlier decision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hierbatch.errors import InputError
from hierbatch.manifest.decisions.choices import CLEAR, VERDICTS, Choice, append_choice
from hierbatch.manifest.takes.takes import Takes

_SHOWN_COLUMNS = ("id", "attempt", "take_key", "status", "duration_s", "flags", "voice", "text_norm")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseJob:
    """Decision to record on takes of some rows."""

    run: Path
    ids: tuple[str, ...]
    verdict: str | None = None
    """`keep`, `pin`, `reject` or `clear`; None only adds the note."""
    attempt: int | None = None
    """Number of the attempt to decide on; None decides on the best take of each row, or with `clear`, on all takes."""
    note: str | None = None
    who: str | None = None


def list_takes(run: Path, ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """List all takes of some rows with their verdicts.

    Raises:
        InputError: a row has no take.
        RunError: the folder is not a run.
    """
    found: list[dict[str, Any]] = Takes(run).candidates(ids, _SHOWN_COLUMNS).to_pylist()
    if unknown := sorted(set(ids).difference(take["id"] for take in found)):
        raise InputError("Some rows have no take", got=", ".join(unknown[:10]), fix="correct the ids")
    return found


def choose(job: ChooseJob) -> list[Choice]:
    """Append the decisions on each row; later decisions take precedence over earlier ones, and nothing is deleted.

    Returns:
        The decisions as they were written.

    Raises:
        InputError: the verdict is unknown, a row has no take, or it has no such attempt.
        RunError: the folder is not a run.
        StorageError: the disk is full; earlier decisions are kept.
    """
    if job.verdict not in (None, *VERDICTS):
        raise InputError(
            "Unknown verdict", expected=", ".join(VERDICTS), got=str(job.verdict), fix="choose one of these"
        )
    takes = list_takes(job.run, job.ids)
    choices = [choice for row_id in job.ids for choice in _decisions(job, row_id, takes)]
    return [append_choice(job.run, choice) for choice in choices]


def _decisions(job: ChooseJob, row_id: str, takes: list[dict[str, Any]]) -> list[Choice]:
    if job.verdict is None:
        return [Choice(id=row_id, note=job.note, who=job.who)]
    own = [take for take in takes if take["id"] == row_id]
    if job.attempt is not None:
        selected = [take for take in own if take["attempt"] == job.attempt]
    elif job.verdict == CLEAR:
        selected = [take for take in own if take["verdict"] is not None]
    else:
        selected = [take for take in own if take["is_best"]]
    if not selected:
        known = ", ".join(str(take["attempt"]) for take in own)
        raise InputError(
            f"{row_id} has no take to decide on",
            expected=f"attempt {known}" if job.attempt is not None else "a take with a verdict",
            got="none" if job.attempt is None else f"attempt {job.attempt}",
            fix="list the takes with `hierbatch choose RUN ID`",
        )
    return [
        Choice(
            id=row_id,
            take_key=take["take_key"],
            attempt=take["attempt"],
            verdict=job.verdict,
            note=job.note,
            who=job.who,
        )
        for take in selected
    ]
