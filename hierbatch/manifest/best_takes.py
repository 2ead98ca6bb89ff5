"""Which of several takes of a row counts: they are found by name in the parts, and put in order by their facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.manifest.parts import open_finished, read_standing
from hierbatch.manifest.take_names import NAMING, row_names

TAKE_INDEX = np.dtype(
    [
        ("position", np.int64),
        ("part", np.int32),
        ("row", np.int32),
        ("attempt", np.int16),
        ("is_ok", np.bool_),
        ("n_rejecting", np.int16),
        ("n_flags", np.int16),
        ("length_off", np.float32),
    ]
)
"""What is kept of every take: where it lies, and how good it is. A few bytes, since a run may hold many millions."""

TakeIndex = npt.NDArray[np.void]
"""Entries of `TAKE_INDEX`."""

_JUDGED = (*NAMING, "status", "flags", "duration_ratio")

_NAMED_TOGETHER = 4096
"""Rows named at a time: while they are, they stand in memory as text."""

_LOOKED_UP_TOGETHER = 262_144
"""Takes whose rows are looked up at a time: each look reads all rows that are asked for once."""


def find_takes(list_parts: Callable[[], list[Path]], plans: Sequence[Path]) -> tuple[list[Path], TakeIndex]:
    """All takes of rows that some plans ask for, in the order of the parts, which come first; no rule has judged them.

    Raises:
        VanishedError: a plan has gone.
        RunError: a plan or a part is damaged.
    """
    asked, positions = _read_asked(plans)
    parts: list[Path] = []
    found = [_places(names, facts, asked, positions) for names, facts in _read_parts(list_parts, parts)]
    return parts, np.concatenate(found) if found else np.zeros(0, TAKE_INDEX)


def _read_parts(list_parts: Callable[[], list[Path]], parts: list[Path]) -> Iterator[tuple[pa.ChunkedArray, TakeIndex]]:
    """Names and facts of the takes of some parts at a time; `parts` are noted as they are read."""
    names: list[pa.Array] = []
    facts: list[TakeIndex] = []
    n_held = 0
    for part, table in read_standing(list_parts, _JUDGED):
        names.append(row_names(table))
        facts.append(_facts(table, len(parts)))
        parts.append(part)
        n_held += len(table)
        if n_held >= _LOOKED_UP_TOGETHER:
            yield pa.chunked_array(names), np.concatenate(facts)
            names, facts, n_held = [], [], 0
    if names:
        yield pa.chunked_array(names), np.concatenate(facts)


def _places(names: pa.ChunkedArray, facts: TakeIndex, asked: pa.Array, positions: npt.NDArray[np.int64]) -> TakeIndex:
    """The takes that are asked for, with their rows' positions."""
    at = pc.index_in(names, value_set=asked)
    takes = facts[at.is_valid().to_numpy()]
    takes["position"] = positions[at.drop_null().to_numpy()]
    return takes


def with_rivals(takes: TakeIndex) -> npt.NDArray[np.int64]:
    """Which takes are not the only one of their row."""
    _, row, n_takes = np.unique(takes["position"], return_inverse=True, return_counts=True)
    return np.flatnonzero(n_takes[row] > 1)


def best_takes(takes: TakeIndex) -> TakeIndex:
    """One take a row, by position: the best, in the order that `hierbatch.manifest.takes.Takes` tells."""
    is_flawed = (takes["n_flags"] > 0) | (takes["n_rejecting"] > 0)
    length_off = np.where(is_flawed, takes["length_off"], 0.0)
    # The last key is the first to sort by.
    order = np.lexsort(
        (-takes["attempt"], length_off, takes["n_flags"], takes["n_rejecting"], ~takes["is_ok"], takes["position"])
    )
    takes = takes[order]
    return takes[np.diff(takes["position"], prepend=-1) != 0]


def _read_asked(plans: Iterable[Path]) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Names of all rows that some plans ask for, and their positions."""
    names, positions = [], []
    for plan in plans:
        with open_finished(plan) as file:
            for batch in file.iter_batches(batch_size=_NAMED_TOGETHER, columns=[*NAMING, "position"]):
                names.append(row_names(pa.Table.from_batches([batch])))
                positions.append(batch.column("position").to_numpy())
    return pa.concat_arrays(names), np.concatenate(positions)


def _facts(table: pa.Table, part: int) -> TakeIndex:
    """An entry for each row of a part; how far a length is from the expected is a log ratio."""
    facts = np.zeros(len(table), TAKE_INDEX)
    facts["part"], facts["row"] = part, np.arange(len(table))
    facts["attempt"] = table.column("attempt").to_numpy()
    facts["is_ok"] = pc.equal(table.column("status"), "ok").to_numpy()
    facts["n_flags"] = pc.fill_null(pc.list_value_length(table.column("flags")), 0).to_numpy()
    facts["length_off"] = pc.fill_null(pc.abs(pc.ln(table.column("duration_ratio"))), 0.0).to_numpy()
    return facts
