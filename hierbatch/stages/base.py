"""What a stage is: columns in, columns out, and a chain that fits together before any model loads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar, Protocol

import pyarrow as pa

from hierbatch.errors import SetupError


class Stage(Protocol):
    """Maps rows to the same rows with more columns; columns it does not know pass through.

    A row that cannot be worked is not raised: it leaves with an `error_kind`. A SetupError ends the run.
    """

    reads: ClassVar[tuple[str, ...]]
    writes: ClassVar[tuple[str, ...]]

    def __call__(self, rows: pa.Table) -> pa.Table: ...


def check_chain(stages: Sequence[type[Stage]], columns: Collection[str]) -> None:
    """Refuse stages of which one reads what neither the table nor a stage before it writes.

    Raises:
        SetupError: naming every stage and the columns it misses.
    """
    known = set(columns)
    missing = []
    for stage in stages:
        unmet = [name for name in stage.reads if name not in known]
        if unmet:
            missing.append(f"{stage.__name__} misses {', '.join(unmet)}")
        known.update(stage.writes)
    if missing:
        raise SetupError("The stages do not fit together", got="; ".join(missing))
