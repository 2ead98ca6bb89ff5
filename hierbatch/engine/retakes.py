"""Takes that came out wrong are made again with another seed; the best is kept.

They are made in rounds, after everything that the plan asks for: once its last unit is worked, all rows that look wrong
are planned and worked together, in units of their own; then those that still do, until there are none, or none has an
attempt left. What is wrong stands in the takes themselves (their flags, a synthesis that gave nothing usable, and what
the rules of a corpus reject them for), and what is made again stands in a plan like any other, so a run that is killed
between two attempts goes on where it was. Which take of a row is best is decided where takes are read:
`hierbatch.manifest.takes.Takes`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.engine.attempts import attempt_again, attempts_made, newest_rows
from hierbatch.engine.planning import Asked
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError, SynthesisError
from hierbatch.manifest.filters import FilterRule, calls_for_another, columns_of
from hierbatch.manifest.store import write_table
from hierbatch.manifest.take_names import digest_of
from hierbatch.manifest.takes import Takes
from hierbatch.object_path import readable

RETAKEN_KINDS = (SynthesisError.kind,)
"""Failures that another seed may mend; all others would fail again."""

MOST_RETAKES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRetakes:
    """A plan of further attempts, and how many of its rows have only failed takes so far, by kind."""

    plan: Path
    error_kinds: Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retakes:
    """How often a row that comes out wrong is made again; every attempt counts, one asked for by hand too."""

    asked: Asked
    most: int
    flags: frozenset[str] | None = None
    """Flags that call for another take; None is any."""

    def __post_init__(self) -> None:
        if not 0 <= self.most <= MOST_RETAKES:
            raise InputError("The number of retakes is out of range", wanted=f"0 to {MOST_RETAKES}", got=str(self.most))

    def plan_next(self, folder: RunFolder, generation: int) -> PlannedRetakes | None:
        """Plan another attempt at every row that still looks wrong and has one left; None where there is none.

        Raises:
            StorageError: the disk is full; nothing is half-planned.
        """
        if not self.most:
            return None
        takes = Takes(folder.root)
        flawed = self._flawed(takes)
        if not flawed:
            return None
        plans = folder.plan_files(generation)
        # What another driver has made since these takes were looked at, they do not tell: it is left alone.
        rows = newest_rows(plans, flawed.column("id"), takes)
        rows = rows.filter(pc.less_equal(attempts_made(rows), self.most))
        if not len(rows):
            return None
        again = attempt_again(rows, self.asked, keeps_own_seeds=False)
        target = folder.retry_file(plans, digest_of(again))
        write_table([again], pq.read_schema(readable(plans[0])), target)
        kinds = flawed.filter(pc.is_in(flawed.column("id"), again.column("id"))).column("error_kind")
        folder.note("retakes", rows=len(again), plan=target.stem)
        return PlannedRetakes(plan=target, error_kinds=Counter(kinds.drop_null().to_pylist()))

    def _flawed(self, takes: Takes) -> pa.Table:
        """Ids and error kinds of rows whose best take looks wrong."""
        wrong = []
        for piece in takes.in_pieces(sorted({"id", "error_kind", "flags", *columns_of(takes.rules)})):
            is_wrong = [self._is_wrong(row, takes.rules) for row in piece.to_pylist()]
            wrong.append(piece.filter(pa.array(is_wrong, pa.bool_())).select(["id", "error_kind"]))
        return pa.concat_tables(wrong) if wrong else pa.table({"id": [], "error_kind": []})

    def _is_wrong(self, row: Mapping[str, Any], rules: Collection[FilterRule]) -> bool:
        flags = row["flags"] if self.flags is None else self.flags.intersection(row["flags"])
        return bool(flags) or row["error_kind"] in RETAKEN_KINDS or calls_for_another(row, rules)
