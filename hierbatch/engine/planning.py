"""From a manifest's rows to units of work: defaults filled in, phonemes made, keys hashed, lengths evened out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.manifest.plan_sources import KeepSources, forget_sources
from hierbatch.manifest.schema import MANIFEST_COLUMNS, plan_schema
from hierbatch.manifest.store import TableFile
from hierbatch.stages.base import Stage
from hierbatch.stages.tasks import task_named

UNIT_ROWS = 64
UNIT_SOUND_S = 120.0

_TYPES = {column.name: column.type for column in MANIFEST_COLUMNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run asks of rows that do not say it themselves, and what their keys are hashed with."""

    task: str
    """Name of one of `TASKS`."""
    defaults: Mapping[str, Any]
    """Values of the task's `defaulted` columns where a row leaves them open."""
    seed: int
    voice_sha256: Mapping[str, str]
    fingerprint: str
    one_voice: bool = False
    """Make every row in the default voice, whatever voice it names."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Those of the task's `chosen` settings that are not the usual."""


def row_seed(run_seed: int, row_id: str, attempt: int) -> int:
    """A row's own seed, the same on every machine and in every order of work; 63 bits."""
    digest = hashlib.blake2b(f"{run_seed}\0{row_id}\0{attempt}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def take_key(row: Mapping[str, Any], asked: Asked) -> str:
    """32 hexadecimal digits over everything the sound of a planned row depends on."""
    content = task_named(asked.task).identify(row) | {
        "task": asked.task,
        "seed": row["seed"],
        "model": asked.fingerprint,
        **asked.chosen,
    }
    if "voice" in row:
        content["voice"] = asked.voice_sha256.get(row["voice"])
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()


def keyed_columns(asked: Asked) -> tuple[str, ...]:
    """Columns that a row's key is made of, beside its voice and its seed."""
    return ("error_kind", *task_named(asked.task).keyed)


MapTables = Callable[[Stage, Iterable[pa.Table]], Iterator[pa.Table]]
"""Applies a stage to tables one after the other, and gives its answers in their order; `map` does it here and now."""


CarryOver = Callable[[pa.Table], pa.Table]
"""Puts later attempts in the place of first ones where these are what counts."""


def as_planned(rows: pa.Table) -> pa.Table:
    """Rows that all ask for first attempts."""
    return rows


def plan_rows(
    manifest: TableFile,
    read: Stage,
    asked: Asked,
    map_tables: MapTables = map,
    keep_sources: KeepSources = forget_sources,
    carry_over: CarryOver = as_planned,
) -> Iterator[pa.Table]:
    """The plan, a window of the manifest at a time, each in the order it will be worked.

    `read` makes of a row's text or recording what a worker needs of it; `map_tables` may do that for many windows at
    once. `keep_sources` is given the sound that lies in the rows themselves, `carry_over` what first attempts are asked
    for.
    """
    task = task_named(asked.task)
    schema = plan_schema(manifest.schema, task.settled)
    wanted = {*schema.names, *task.keyed, *read.reads}
    windows = manifest.batches([name for name in manifest.schema.names if name in wanted])
    position = unit = 0
    for rows in map_tables(read, (_with_defaults(window, asked) for window in windows)):
        rows = rows.append_column("position", pa.array(range(position, position + len(rows)), pa.int64()))
        rows = rows.append_column("own_seed", rows.column("seed"))
        rows = rows.append_column("attempts_made", pa.nulls(len(rows), pa.int16()))
        rows = number_units(carry_over(key_rows(rows, asked, attempt=1)), unit)
        if "source" in task.settled:
            rows = keep_sources(rows)
        unit = rows.column("unit")[-1].as_py() + 1
        position += len(rows)
        yield rows.select(schema.names).cast(schema)


def key_rows(rows: pa.Table, asked: Asked, *, attempt: int) -> pa.Table:
    """Rows with their attempt, their seed where they bring none, and their key."""
    needed = ["id", "voice", "seed", *keyed_columns(asked)]
    listed = rows.select([name for name in needed if name in rows.column_names]).to_pylist()
    for row in listed:
        if row["seed"] is None:
            row["seed"] = row_seed(asked.seed, row["id"], attempt)
    rows = put_column(rows, "seed", pa.array([row["seed"] for row in listed], pa.int64()))
    rows = put_column(rows, "take_key", pa.array([take_key(row, asked) for row in listed], pa.string()))
    return put_column(rows, "attempt", pa.array([attempt] * len(listed), pa.int16()))


def number_units(rows: pa.Table, first: int) -> pa.Table:
    """Rows by length, cut where a unit would pass 64 rows or two minutes of sound.

    The longest come first: what does not fit into memory shows early, and the last units are short for all workers.
    """
    order = pc.sort_indices(rows, sort_keys=[("expected_duration_s", "descending"), ("position", "ascending")])
    rows = rows.take(order)
    units = list(_unit_numbers(rows.column("expected_duration_s").to_pylist(), first))
    return put_column(rows, "unit", pa.array(units, pa.int32()))


def put_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """Rows with a column added, or replaced where it stands."""
    at = rows.schema.get_field_index(name)
    return rows.append_column(name, values) if at < 0 else rows.set_column(at, name, values)


def _unit_numbers(durations_s: Iterable[float], unit: int) -> Iterator[int]:
    n_rows, sound_s = 0, 0.0
    for duration_s in durations_s:
        if n_rows and (n_rows == UNIT_ROWS or sound_s + duration_s > UNIT_SOUND_S):
            unit, n_rows, sound_s = unit + 1, 0, 0.0
        n_rows += 1
        sound_s += duration_s
        yield unit


def _with_defaults(rows: pa.Table, asked: Asked) -> pa.Table:
    """Every settled column present, and filled where the run has a default for it."""
    task = task_named(asked.task)
    for name in (*task.settled, "text"):
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(len(rows), _TYPES[name]))
    if asked.one_voice:
        rows = put_column(rows, "voice", pa.nulls(len(rows), pa.string()))
    for name, default in {**task.unasked, **asked.defaults}.items():
        if default is not None:
            rows = put_column(rows, name, pc.fill_null(rows.column(name), pa.scalar(default, _TYPES[name])))
    return rows
