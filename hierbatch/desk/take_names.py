"""Names of takes in URLs, and takes of single rows by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hierbatch.errors import InputError, RunError
from hierbatch.manifest.takes.takes import Takes

_FACTS = ("id", "take_key", "attempt", "status", "error", "flags", "duration_s", "voice", "text_norm")


def take_name(take_key: str, attempt: int) -> str:
    """Name of a take, unique within its row."""
    return f"{take_key}-{attempt}"


def parse_take_name(name: str) -> tuple[str, int]:
    """Parse the name of a take into key and attempt; raises InputError if the text is not such a name."""
    key, dash, attempt = name.rpartition("-")
    if not (dash and attempt.isascii() and attempt.isdigit() and len(attempt) < 6):
        raise InputError(
            "The request names no take", expected="the name of a take", got=name[:60], fix="reload the page"
        )
    return key, int(attempt)


def row_takes(takes: Takes, row_id: str, columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """All takes of a row by attempt, with `name`, `is_best` and `verdict`.

    Args:
        takes: snapshot of the run.
        row_id: id of the row.
        columns: further columns to read, besides those that every list of takes shows.
    """
    names = [name for name in dict.fromkeys((*_FACTS, *columns)) if name in takes.schema.names]
    found = takes.candidates([row_id], names).to_pylist()
    return [take | {"name": take_name(take["take_key"], take["attempt"])} for take in found]


def find_take(takes: Takes, row_id: str, name: str, columns: Sequence[str] = ()) -> dict[str, Any]:
    """One take of a row by name.

    Args:
        takes: snapshot of the run.
        row_id: id of the row.
        name: name of the take.
        columns: further columns to read, besides those that every list of takes shows.

    Raises:
        InputError: `name` is not the name of a take.
        RunError: the row has no such take.
    """
    key, attempt = parse_take_name(name)
    for take in row_takes(takes, row_id, columns):
        if (take["take_key"], take["attempt"]) == (key, attempt):
            return take
    raise RunError("The row has no such take", fix="reload the page")
