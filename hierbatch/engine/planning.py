"""Planning of work units from manifest rows: defaults, phonemes, take keys, and units of similar length."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.frontend.language import detect_language
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, SONG_COLUMNS, plan_schema
from hierbatch.manifest.runs.plan_sources import StoreSources, discard_audio
from hierbatch.manifest.tables.store import TableFile
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.stages.base import Stage
from hierbatch.stages.tasks import find_task

AUTO_LANGUAGE = "auto"
"""Default language of a run that requests detection of the language from the text of each row."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

UNIT_ROWS = 64
UNIT_SOUND_S = 120.0

_FALLBACK_LANGUAGE = "en"
"""Language of a text without letters."""

_TYPES = {column.name: column.type for column in (*MANIFEST_COLUMNS, *SONG_COLUMNS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSettings:
    """Settings of a run that complete the rows of a manifest and determine their take keys."""

    task: str
    """Name of an entry of `TASKS`."""
    defaults: Mapping[str, Any]
    """Values for the task's `defaultable` columns, for rows that have none."""
    seed: int
    """Seed of the run, from which row seeds are derived."""
    voice_sha256: Mapping[str, str]
    """Hash of each voice prompt, by voice name."""
    fingerprint: str
    """Fingerprint of the model."""
    force_default_voice: bool = False
    """Use the default voice for every row, even if the row names another one."""
    cast: Mapping[str, str] = field(default_factory=dict)
    """Voices of characters, for rows that have a `character` and no voice."""
    run_settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the run that the task lists as `run_settings`, if they differ from their defaults."""


def row_seed(run_seed: int, row_id: str, attempt: int) -> int:
    """Seed of one attempt at a row: 63 bits, independent of the machine and of the processing order.

    Args:
        run_seed: seed of the run.
        row_id: id of the row.
        attempt: number of the attempt, from 1.
    """
    digest = hashlib.blake2b(f"{run_seed}\0{row_id}\0{attempt}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def take_key(row: Mapping[str, Any], settings: TakeSettings) -> str:
    """Hash of everything that determines the audio of a planned row, as 32 hexadecimal digits."""
    content = find_task(settings.task).identify(row) | {
        "task": settings.task,
        "seed": row["seed"],
        "model": settings.fingerprint,
        **settings.run_settings,
    }
    if "voice" in row:
        content["voice"] = settings.voice_sha256.get(row["voice"])
    return hashlib.blake2b(_CANONICAL.encode(content).encode(), digest_size=16).hexdigest()


def take_key_columns(settings: TakeSettings) -> tuple[str, ...]:
    """Columns that determine a take key, in addition to voice and seed."""
    return ("error_kind", *find_task(settings.task).key_columns)


MapTables = Callable[[Stage, Iterable[pa.Table]], Iterator[pa.Table]]
"""Function that applies a stage to tables and yields the results in order; the built-in `map` runs sequentially."""


ReuseRetakes = Callable[[pa.Table], pa.Table]
"""Function that replaces a first attempt with a later attempt if the take of the latter is the row's best take."""


def keep_first_attempts(rows: pa.Table) -> pa.Table:
    """Return the rows unchanged, for a run without retakes to reuse."""
    return rows


EditRows = Callable[[pa.Table], pa.Table]
"""Function that replaces values of manifest rows before their texts are processed."""


def keep_manifest_values(rows: pa.Table) -> pa.Table:
    """Return the rows unchanged, for a run without edits."""
    return rows


def plan_rows(
    manifest: TableFile,
    read: Stage,
    settings: TakeSettings,
    map_tables: MapTables = map,
    store_sources: StoreSources = discard_audio,
    reuse_retakes: ReuseRetakes = keep_first_attempts,
    edit_rows: EditRows = keep_manifest_values,
) -> Iterator[pa.Table]:
    """Yield the plan of a run as tables, one per manifest batch, each in processing order.

    Args:
        manifest: the rows of the run.
        read: front-end stage that prepares the text or recording of each row.
        settings: take settings of the run.
        map_tables: function that applies `read` to the batches, possibly in parallel.
        store_sources: function that stores the audio that rows contain, and replaces it with references.
        reuse_retakes: function that replaces first attempts with reusable retakes.
        edit_rows: function that applies the edits by reviewers.
    """
    task = find_task(settings.task)
    schema = plan_schema(manifest.schema, task.required_columns)
    needed = {*schema.names, *task.key_columns, *read.reads}
    batches = manifest.batches([name for name in manifest.schema.names if name in needed])
    position = unit = 0
    for rows in map_tables(read, (edit_rows(_with_defaults(batch, settings)) for batch in batches)):
        rows = rows.append_column("position", pa.array(range(position, position + len(rows)), pa.int64()))
        rows = rows.append_column("own_seed", rows.column("seed"))
        rows = rows.append_column("attempts_made", pa.nulls(len(rows), pa.int16()))
        rows = assign_units(reuse_retakes(add_take_keys(rows, settings, attempt=1)), unit)
        if "source" in task.required_columns:
            rows = store_sources(rows)
        unit = rows.column("unit")[-1].as_py() + 1
        position += len(rows)
        for name in schema.names:
            if name not in rows.column_names:  # a task of another package may have a front end of its own
                rows = rows.append_column(name, pa.nulls(len(rows), schema.field(name).type))
        yield rows.select(schema.names).cast(schema)


def add_take_keys(rows: pa.Table, settings: TakeSettings, *, attempt: int) -> pa.Table:
    """Add the attempt number and the take key, and derive the seed of rows that have none."""
    needed = ["id", "voice", "seed", *take_key_columns(settings)]
    listed = rows.select([name for name in needed if name in rows.column_names]).to_pylist()
    for row in listed:
        if row["seed"] is None:
            row["seed"] = row_seed(settings.seed, row["id"], attempt)
    rows = with_column(rows, "seed", pa.array([row["seed"] for row in listed], pa.int64()))
    rows = with_column(rows, "take_key", pa.array([take_key(row, settings) for row in listed], pa.string()))
    return with_column(rows, "attempt", pa.array([attempt] * len(listed), pa.int16()))


def assign_units(rows: pa.Table, first: int) -> pa.Table:
    """Sort rows by length and divide them into work units, numbered from `first`.

    A unit has at most 64 rows and two minutes of expected audio, or a single longer row.

    The longest rows come first, so that out-of-memory errors occur early and all workers end at about the same time.
    The rows of a book are sorted within groups of whole chapters, so that chapters are completed, and can be mastered,
    one after the other.
    """
    groups = pa.array(_chapter_groups(rows), pa.int32())
    by_group = with_column(rows.select(["expected_duration_s", "position"]), "group", groups)
    keys = [("group", "ascending"), ("expected_duration_s", "descending"), ("position", "ascending")]
    order = pc.sort_indices(by_group, sort_keys=keys)
    rows, groups = rows.take(order), groups.take(order)
    lengths = zip(groups.to_pylist(), rows.column("expected_duration_s").to_pylist(), strict=True)
    return with_column(rows, "unit", pa.array(list(_unit_numbers(lengths, first)), pa.int32()))


def _chapter_groups(rows: pa.Table) -> npt.NDArray[np.int32]:
    """Group number of each row.

    A group consists of whole chapters, which together have at least as many rows as a full work unit, except in the
    last group. Rows without chapters are a single group.
    """
    groups = np.zeros(len(rows), np.int32)
    if "chapter" not in rows.column_names:
        return groups
    chapters = rows.column("chapter").to_pylist()
    start = group = 0
    for index in range(1, len(chapters)):
        if chapters[index] != chapters[index - 1] and index - start >= UNIT_ROWS:
            start, group = index, group + 1
        groups[index] = group
    return groups


def _unit_numbers(lengths: Iterable[tuple[int, float]], unit: int) -> Iterator[int]:
    """Yield the number of the work unit of each row.

    Args:
        lengths: group number and expected duration in seconds of each row.
        unit: number of the first unit.
    """
    n_rows, sound_s, last_group = 0, 0.0, 0
    for group, duration_s in lengths:
        is_full = n_rows == UNIT_ROWS or sound_s + duration_s > UNIT_SOUND_S
        if n_rows and (is_full or group != last_group):
            unit, n_rows, sound_s = unit + 1, 0, 0.0
        last_group = group
        n_rows += 1
        sound_s += duration_s
        yield unit


def _with_defaults(rows: pa.Table, settings: TakeSettings) -> pa.Table:
    """Add the missing columns that the task needs, and fill in the defaults of the run."""
    task = find_task(settings.task)
    for name in (*task.required_columns, "text"):
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(len(rows), _TYPES[name]))
    if settings.force_default_voice:
        rows = with_column(rows, "voice", pa.nulls(len(rows), pa.string()))
    if settings.cast and "character" in rows.column_names:
        voices = [settings.cast.get(character) for character in rows.column("character").to_pylist()]
        rows = with_column(rows, "voice", pc.coalesce(rows.column("voice"), pa.array(voices, pa.string())))
    if settings.defaults.get("language", "") in (None, AUTO_LANGUAGE):
        rows = with_column(rows, "language", _detect_languages(rows))
    for name, default in {**task.column_defaults, **settings.defaults}.items():
        if default not in (None, AUTO_LANGUAGE):
            rows = with_column(rows, name, pc.fill_null(rows.column(name), pa.scalar(default, _TYPES[name])))
    return rows


def _detect_languages(rows: pa.Table) -> pa.Array:
    """Language of each row: as given, or else detected from the text; null if the row has neither."""
    pairs = zip(rows.column("language").to_pylist(), rows.column("text").to_pylist(), strict=True)
    found = [language or (detect_language(text, _FALLBACK_LANGUAGE) if text else None) for language, text in pairs]
    return pa.array(found, pa.string())
