"""Retakes: flawed takes are synthesized again with new seeds, and the best take of each row is used.

Retakes run in rounds after the plan is complete: all flawed rows are planned together as new work units, then those
that are still flawed, until no flawed row has attempts left. The flaws are recorded in the takes (flags, failed
synthesis, rejection by a corpus rule), and each round is a plan file like any other, so a run that is killed between
two attempts resumes there. `hierbatch.manifest.takes.takes.Takes` selects the best take of a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.engine.attempts import attempts_made, latest_plan_rows, plan_attempt
from hierbatch.engine.planning import TakeSettings
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError, SynthesisError
from hierbatch.manifest.columns.schema import TEXT_FLAGS
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, digest_rows
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.takes.filters import needs_retake
from hierbatch.manifest.takes.take_blocks import TakesByBlock
from hierbatch.manifest.takes.takes import Takes
from hierbatch.object_path import arrow_source

RETRYABLE_ERROR_KINDS = (SynthesisError.kind,)
"""Kinds of failures that another seed may avoid; other failures would occur again."""

MAX_RETAKES = 20

_FLAWED = pa.schema([pa.field("id", pa.string()), pa.field("error_kind", pa.string())])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRetakes:
    """Plan of further attempts, and the numbers of planned rows that have only failed takes, by error kind."""

    plan: Path
    error_kinds: Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retakes:
    """Policy for retakes of flawed rows; retries that the user starts count towards `max_retakes` too."""

    take_settings: TakeSettings
    max_retakes: int
    flags: frozenset[str] | None = None
    """Flags for which a row is synthesized again; None for any flag."""

    def __post_init__(self) -> None:
        if not 0 <= self.max_retakes <= MAX_RETAKES:
            raise InputError(
                "The number of retakes is out of range",
                expected=f"0 to {MAX_RETAKES}",
                got=str(self.max_retakes),
                fix="change --max-retakes",
            )

    def plan_next(self, folder: RunFolder, generation: int) -> PlannedRetakes | None:
        """Plan another attempt at every flawed row that has attempts left; return None if there is no such row.

        Raises:
            StorageError: the disk is full; no plan was written.
        """
        if not self.max_retakes:
            return None
        takes = TakesByBlock(folder.root, generation)
        flawed = pa.concat_tables([flawed_rows(block, self.flags) for block in takes])
        if not flawed:
            return None
        plans = folder.plan_files(generation)
        # Rows that another driver has retried since these takes were read are left to that driver.
        rows = latest_plan_rows(plans, flawed.column("id"), takes)
        rows = rows.filter(pc.less_equal(attempts_made(rows), self.max_retakes))
        if not len(rows):
            return None
        again = plan_attempt(rows, self.take_settings, keep_manifest_seeds=False)
        target = folder.retry_plan_file(plans, digest_rows(again))
        write_table([again], pq.read_schema(arrow_source(plans[0])), target)
        kinds = flawed.filter(pc.is_in(flawed.column("id"), again.column("id"))).column("error_kind")
        folder.log_event("retakes", rows=len(again), plan=target.stem)
        return PlannedRetakes(plan=target, error_kinds=Counter(kinds.drop_null().to_pylist()))


def flawed_rows(takes: Takes, flags: frozenset[str] | None = None) -> pa.Table:
    """Table of the ids and error kinds of the rows whose best take is flawed.

    Args:
        takes: takes of the run.
        flags: flags that make a take flawed; None for any flag.
    """
    flawed = []
    for table in takes.iter_tables(sorted({*TAKE_ID_COLUMNS, "error_kind", "flags", *takes.rule_columns})):
        is_flawed = [_is_flawed(row, takes, flags) for row in table.to_pylist()]
        flawed.append(table.filter(pa.array(is_flawed, pa.bool_())).select(["id", "error_kind"]))
    return pa.concat_tables(flawed) if flawed else _FLAWED.empty_table()


def _is_flawed(row: Mapping[str, Any], takes: Takes, counted: frozenset[str] | None) -> bool:
    if takes.choices.verdict(row["id"], row["take_key"], row["attempt"]) is not None:
        return False  # a reviewer has decided
    # Another seed does not change the text.
    flags = set(row["flags"]).difference(TEXT_FLAGS) if counted is None else counted.intersection(row["flags"])
    if flags or row["error_kind"] in RETRYABLE_ERROR_KINDS:
        return True
    return needs_retake(row, takes.rules, takes.added_measures)
