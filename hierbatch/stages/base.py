"""Interface of a stage, and a check of its columns before any model is loaded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar, Protocol

import pyarrow as pa

from hierbatch.errors import SetupError


class Stage(Protocol):
    """Protocol for a stage, which adds columns to rows; columns that the stage does not know pass through.

    An error in one row is not raised: the row is returned with an `error_kind`. A SetupError ends the run.
    """

    reads: ClassVar[tuple[str, ...]]
    writes: ClassVar[tuple[str, ...]]

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Process rows; the result has the same rows in the same order."""


def check_chain(stages: Sequence[type[Stage]], columns: Collection[str]) -> None:
    """Check that every column a stage reads is in the table or written by an earlier stage.

    Raises:
        SetupError: columns are missing; the message names the columns and the stages that read them.
    """
    known = set(columns)
    missing = []
    for stage in stages:
        absent = [name for name in stage.reads if name not in known]
        if absent:
            missing.append(f"{stage.__name__} lacks {', '.join(absent)}")
        known.update(stage.writes)
    if missing:
        raise SetupError(
            "The stages do not fit together", got="; ".join(missing), fix="add the missing columns to the manifest"
        )
