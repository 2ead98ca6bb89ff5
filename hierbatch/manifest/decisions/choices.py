"""Decisions of reviewers on the takes of a run: append-only lines in `RUN/choices/`, one file per writer.

Nothing is overwritten. A later line takes precedence over earlier verdicts on the same take, and over the earlier
edit, note, or "listened to" mark of the same row; the earlier lines remain as the history of the row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from hierbatch.errors import InputError, RunError
from hierbatch.manifest.decisions.json_log import append_record, read_records
from hierbatch.manifest.decisions.row_edits import RowEdit
from hierbatch.manifest.runs.run_layout import RunLayout

KEEP, REJECT, PIN, CLEAR = "keep", "reject", "pin", "clear"
VERDICTS = (KEEP, REJECT, PIN, CLEAR)
"""`pin`: always use this take for its row. `keep`: prefer it to takes without a verdict, whatever the filter rules.
`reject`: never deliver it. `clear`: remove the earlier verdict."""

TakeName = tuple[str, int]
"""Key and attempt of a take; together with the id of the row, they identify the take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One decision on a row or on one of its takes."""

    id: str
    """Id of the row."""
    take_key: str | None = None
    attempt: int | None = None
    verdict: str | None = None
    """Verdict on the take with this key and attempt; None leaves the verdict as it is."""
    edit: RowEdit | None = None
    """Edit of the row; None leaves an earlier edit in force, and `RowEdit()` removes it."""
    note: str | None = None
    """Remark on the row; an empty text removes the earlier remark, None keeps it."""
    listened: bool | None = None
    """True marks the row as listened to, False removes the mark, None leaves it as it is."""
    who: str | None = None
    when: str | None = None
    """Time at which the decision was appended (ISO 8601, UTC); set by `append_choice`."""

    def __post_init__(self) -> None:
        if not self.id:
            raise InputError("A decision has no row", expected="the id of a row", fix="set id")
        if self.verdict is not None and self.verdict not in VERDICTS:
            raise InputError(
                "Unknown verdict", expected=", ".join(VERDICTS), got=self.verdict, fix="choose one of these"
            )
        if self.verdict is not None and self.take is None:
            raise InputError(f"The verdict on {self.id} names no take", expected="take_key and attempt", fix="set both")

    @property
    def take(self) -> TakeName | None:
        """Key and attempt of the take that the decision is about; None if the decision is about the row only."""
        return None if self.take_key is None or self.attempt is None else (self.take_key, self.attempt)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Create a decision from a record of a log.

        Raises:
            InputError: the record has a verdict that this version does not know, or an invalid value.
        """
        if wrong := [name for name, kind in _TYPES.items() if type(record.get(name)) not in (kind, type(None))]:
            raise InputError("A decision has values of other types", got=", ".join(wrong), fix="remove its line")
        known = {name: record[name] for name in _PLAIN_FIELDS if name in record}
        return cls(**known, edit=RowEdit.from_record(record["edit"]) if "edit" in record else None)

    def to_record(self) -> dict[str, Any]:
        """Record for a line of a log, without the values that are None."""
        record: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN_FIELDS}
        record["edit"] = None if self.edit is None else self.edit.to_record()
        return {name: value for name, value in record.items() if value is not None}


_TYPES = {
    "id": str, "take_key": str, "attempt": int, "verdict": str, "note": str, "listened": bool, "who": str, "when": str,
}  # fmt: skip
_PLAIN_FIELDS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class RowChoices:
    """Decisions on one row, oldest first, and the state that results from them."""

    history: tuple[Choice, ...]

    @property
    def verdicts(self) -> dict[TakeName, str]:
        """Verdict of each take that has one: `keep`, `reject` or `pin`; all pins but the last one count as `keep`."""
        latest: dict[TakeName, str] = {}
        for choice in self.history:
            if choice.verdict is not None and choice.take is not None:
                latest.pop(choice.take, None)  # so that the order is that of the latest decisions
                latest[choice.take] = choice.verdict
        pins = [take for take, verdict in latest.items() if verdict == PIN]
        replaced = dict.fromkeys(pins[:-1], KEEP)
        return {take: verdict for take, verdict in {**latest, **replaced}.items() if verdict != CLEAR}

    @property
    def pinned(self) -> TakeName | None:
        """The pinned take; None if no take is pinned."""
        return next((take for take, verdict in self.verdicts.items() if verdict == PIN), None)

    @property
    def edit(self) -> RowEdit:
        """Edit in force; empty if there is none."""
        return next((choice.edit for choice in reversed(self.history) if choice.edit is not None), RowEdit())

    @property
    def note(self) -> str:
        """Latest note; empty if there is none."""
        return next((choice.note for choice in reversed(self.history) if choice.note is not None), "")

    @property
    def is_listened(self) -> bool:
        """True if the row is marked as listened to."""
        return next((choice.listened for choice in reversed(self.history) if choice.listened is not None), False)


class Choices:
    """All decisions on a run, as they were at one moment."""

    def __init__(self, choices: Iterable[Choice] = ()) -> None:
        histories: defaultdict[str, list[Choice]] = defaultdict(list)
        for choice in choices:
            histories[choice.id].append(choice)
        self._rows = {row_id: RowChoices(tuple(history)) for row_id, history in histories.items()}

    def __len__(self) -> int:
        """Number of rows with a decision."""
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        """Ids of the rows with a decision."""
        return iter(self._rows)

    def row(self, row_id: str) -> RowChoices:
        """Decisions on a row; empty if there are none."""
        return self._rows.get(row_id, RowChoices(()))

    def verdict(self, row_id: str, take_key: str, attempt: int) -> str | None:
        """Verdict on a take: `keep`, `reject`, `pin` or None.

        Args:
            row_id: id of the row.
            take_key: key of the take.
            attempt: number of the attempt, from 1.
        """
        return self.row(row_id).verdicts.get((take_key, attempt))


def append_choice(run: Path, choice: Choice) -> Choice:
    """Append a decision to the log of this process, and flush the log to disk.

    Returns:
        The decision, with the time of writing in `when`.

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the folder cannot be written to.
    """
    record = append_record(RunLayout(run).choices, choice.to_record())
    return replace(choice, when=record["when"])


def read_choices(run: Path) -> Choices:
    """Read the decisions on a run; the result is empty if there are none.

    Raises:
        RunError: a file cannot be read, or a line was written by a newer version.
    """
    folder = RunLayout(run).choices
    try:
        return Choices(Choice.from_record(record) for record in read_records(folder) if "id" in record)
    except (InputError, TypeError) as error:
        raise RunError(
            f"A decision in {folder} cannot be applied", got=str(error), fix="use the hierbatch version that wrote it"
        ) from error
