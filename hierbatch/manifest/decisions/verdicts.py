"""Verdicts of reviewers as ranks of takes, for the readers of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.manifest.decisions.choices import KEEP, PIN, REJECT, Choices
from hierbatch.manifest.runs.take_ids import NAME_TYPE, TAKE_ID_COLUMNS, row_names

REJECTED_RANK = -1
_RANKS = {REJECT: REJECTED_RANK, KEEP: 1, PIN: 2}
"""Rank of each verdict; a take without a verdict has rank 0."""

REJECTED_KIND = "rejected"
"""Error kind of a row whose best take was rejected by a reviewer."""

_COLUMNS_OF_FAILED_TAKES = frozenset(
    (
        *TAKE_ID_COLUMNS,
        *("text_norm", "phonemes", "language", "voice", "seed", "expected_duration_s", "model", "settings_json"),
        *("voice_sha256", "consent", "synthetic", "hierbatch_version", "device", "finished_at"),
    )
)


@dataclass(frozen=True, slots=True)
class VerdictNames:
    """Names of all takes with a verdict, and the rank of the verdict on each of them."""

    names: pa.Array
    rank_at: npt.NDArray[np.int8]

    @classmethod
    def from_choices(cls, choices: Choices) -> Self:
        """Collect the verdicts of a run."""
        verdicts = [
            (row_id, *take, _RANKS[verdict])
            for row_id in choices
            for take, verdict in choices.row(row_id).verdicts.items()
        ]
        if not verdicts:
            return cls(pa.array([], NAME_TYPE), np.zeros(0, np.int8))
        ids, keys, attempts, ranks = zip(*verdicts, strict=True)
        columns = [pa.array(ids), pa.array(keys), pa.array(attempts, pa.int16())]
        return cls(row_names(pa.table(columns, names=list(TAKE_ID_COLUMNS))), np.array(ranks, np.int8))

    def ranks(self, names: pa.ChunkedArray) -> npt.NDArray[np.int8]:
        """Ranks of the verdicts on the takes with the given names; 0 for a take without a verdict."""
        if not len(self.names):
            return np.zeros(len(names), np.int8)
        at = pc.fill_null(pc.index_in(names, value_set=self.names), -1).to_numpy()
        return np.where(at >= 0, self.rank_at[at], 0).astype(np.int8)


def fail_rejected(rows: pa.Table, is_rejected: npt.NDArray[np.bool_], passed: frozenset[str]) -> pa.Table:
    """Turn rejected takes into failed takes, which have an error but no audio and no measures.

    Args:
        rows: columns of takes.
        is_rejected: boolean array that marks the rejected takes.
        passed: names of columns that come from the manifest; they keep their values.
    """
    if not is_rejected.any():
        return rows
    mask = pa.array(is_rejected)
    values = {
        "status": "failed",
        "error_kind": REJECTED_KIND,
        "error": "A reviewer rejected this take",
        "flags": [],
    }
    for number, field in enumerate(rows.schema):
        if field.name in passed or field.name in _COLUMNS_OF_FAILED_TAKES:
            continue
        value = pa.scalar(values.get(field.name), field.type)
        rows = rows.set_column(number, field, pc.if_else(mask, value, rows.column(number)))
    return rows
