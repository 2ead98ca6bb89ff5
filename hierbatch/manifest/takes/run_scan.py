"""Scan of a run for the files that belong together, and for the best take of each row in these files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.errors import RunError, VanishedError
from hierbatch.manifest.columns.schema import take_schema
from hierbatch.manifest.decisions.choices import Choices, read_choices
from hierbatch.manifest.decisions.verdicts import VerdictNames
from hierbatch.manifest.runs.parts import open_run_file
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.takes.best_takes import best_takes, competing_takes, index_takes
from hierbatch.manifest.takes.filters import FilterRule, read_filter, rejections, rule_columns
from hierbatch.manifest.takes.snapshot import Snapshot, read_snapshot_rows, select_fields

_MAX_RESCANS = 20
"""Maximum number of scans if files disappear during each of them; a compaction causes one or two repeats."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Some rows of a plan, and the parts that may contain takes of these rows."""

    plan: Path
    is_in: npt.NDArray[np.bool_]
    """Mask of the manifest positions that are in the block."""
    parts: Sequence[Path]

    def existing_parts(self) -> list[Path]:
        """Parts that still exist; a compaction that has removed some has also replaced the plan."""
        return [part for part in self.parts if part.exists()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedRun:
    """Result of `scan_run`."""

    generation: int
    """Generation of the rows."""
    n_rows: int
    """Number of planned rows."""
    plan_schema: pa.Schema
    schema: pa.Schema
    """Schema of the takes."""
    rules: Collection[FilterRule]
    """Filter rules, if the run is a corpus."""
    choices: Choices
    """Decisions of reviewers."""
    snapshot: Snapshot


def scan_run(folder: RunLayout, generation: int | None = None, block: RowBlock | None = None) -> ScannedRun:
    """Scan a run, repeatedly if needed, until its files are consistent: a compaction may replace some files meanwhile.

    Args:
        folder: layout of the run.
        generation: generation of the rows; the newest one with a plan by default.
        block: rows to include; all by default.

    Raises:
        RunError: the run has no plan yet, or one of its files is damaged.
        VanishedError: files keep disappearing, or the plan of the block was replaced.
    """
    for is_last in (*[False] * (_MAX_RESCANS - 1), True):
        found = generation or folder.newest_generation()
        plans = folder.plan_files(found)
        if not plans:
            raise RunError(f"{folder.root} has no plan yet", fix="start it with `hierbatch run`")
        if block and plans[0] != block.plan:
            raise VanishedError(f"{folder.root} was compacted while it was read", fix="read it again")
        try:
            scanned = _scan(folder, found, plans, block)
        except VanishedError:
            if is_last:
                raise
            continue
        # Parts are removed only after a new plan is written: if the plan is unchanged, the snapshot is complete.
        if (generation or folder.newest_generation()) == found and folder.plan_files(found)[:1] == plans[:1]:
            break
    return scanned


def _scan(folder: RunLayout, generation: int, plans: Sequence[Path], block: RowBlock | None) -> ScannedRun:
    with open_run_file(plans[0]) as file:
        plan_schema, n_rows = file.schema_arrow, file.metadata.num_rows
    choices = read_choices(folder.root)
    verdicts = VerdictNames.from_choices(choices)
    list_parts, is_wanted = folder.part_files, None
    if block:
        list_parts, is_wanted = block.existing_parts, block.is_in
    parts, takes, measured = index_takes(list_parts, plans, verdicts, is_wanted)
    # Its columns were checked when the run began; a measure that is new to the run has no column yet.
    rules = read_filter(folder.corpus_filter, None) if folder.corpus_filter.exists() else ()
    schema = take_schema(plan_schema, measured)
    last_attempts = np.zeros(n_rows, np.int16)
    np.maximum.at(last_attempts, takes["position"], takes["attempt"])
    snapshot = Snapshot(list(plans), parts, takes, takes[competing_takes(takes)], last_attempts)
    if rules:
        _count_rejections(snapshot, rules, schema)
    return ScannedRun(
        generation=generation,
        n_rows=n_rows,
        plan_schema=plan_schema,
        schema=schema,
        rules=rules,
        choices=choices,
        snapshot=replace(snapshot, index=best_takes(takes), competing=takes[competing_takes(takes)]),
    )


def _count_rejections(snapshot: Snapshot, rules: Collection[FilterRule], schema: pa.Schema) -> None:
    """Enter into the snapshot how many rules reject each take, for rows with more than one take."""
    competing = competing_takes(snapshot.index)
    columns = select_fields(schema, sorted(rule_columns(rules) & set(schema.names)))
    tables = read_snapshot_rows(snapshot, snapshot.index[competing], columns)
    n_rejections = [len(rejections(row, rules)) for _, table in tables for row in table.to_pylist()]
    snapshot.index["n_rejections"][competing] = n_rejections
