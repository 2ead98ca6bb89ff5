"""Shards of a run: their folders, their specification, and their merge into one run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.run_folder import RunFolder, lock_run, open_generation
from hierbatch.errors import InputError, RunError
from hierbatch.jobs.specs.base import ValidatedSpec
from hierbatch.manifest.runs.parts import open_run_file
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.tables.shard import ROW_COLUMN, Shard, shard_of_folder
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.object_path import arrow_source, is_remote, list_folder
from hierbatch.storage import storage_error, write_atomically

SHARDS_FOLDER = "shards"


def run_folder(out: Path, shard: Shard | None) -> Path:
    """Run folder of a shard, or of a whole run.

    Raises:
        RunError: the folder has a whole run and a shard is requested, or the reverse.
    """
    if shard is None:
        if found := shard_folders(out):
            raise RunError(
                f"{out} has a run in shards",
                expected=f"--shard, such as --shard {found[0][0]}",
                fix=f"finish all shards, then merge them with `hierbatch compact {out}`",
            )
        return out
    if RunFolder(out).record_file.exists():
        raise RunError(
            f"{out} has a run of the whole manifest",
            expected="a new folder, or one with shards only",
            fix="run without --shard, or choose another --out",
        )
    return out / SHARDS_FOLDER / shard.folder


def shard_folders(out: Path) -> list[tuple[Shard, Path]]:
    """Shards in the folder of a run, with their run folders; none once they are merged."""
    if RunFolder(out).record_file.exists():
        return []
    root = out / SHARDS_FOLDER
    found = [(shard, root / name) for name in list_folder(root)[1] if (shard := shard_of_folder(name))]
    return sorted(found, key=lambda entry: (entry[0].n_shards, entry[0].number))


def shard_spec(spec: ValidatedSpec, shard: Shard) -> ValidatedSpec:
    """Restrict a specification to the rows of a shard.

    Raises:
        InputError: the rows are recordings, or the shard has no rows.
    """
    if spec.has_sources:
        raise InputError("Only texts can be processed in shards", got="recordings", fix="run without --shard")
    manifest = replace(spec.manifest, shard=shard)
    n_rows = sum(len(table) for table in manifest.batches(["id"]))
    if not n_rows:
        raise InputError(f"The shard {shard} has no rows", got=f"{spec.n_rows} rows", fix="choose fewer shards")
    return replace(spec, manifest=manifest, n_rows=n_rows, inputs={**spec.inputs, "shard": str(shard)})


def merge_shards(run: Path, shards: Sequence[tuple[Shard, Path]]) -> None:
    """Merge the finished and compacted shards of a run into one run, and delete them.

    The parts of the merged run are those of the shards; its plan has the rows of all shards, at their positions in the
    manifest. The record of the run is written last: the same call repeats an interrupted merge, and nothing is lost.

    Args:
        run: folder with the shards.
        shards: compacted shards of the run, with their run folders.

    Raises:
        RunError: a shard is missing, in use, or has other settings.
        StorageError: the disk is full; the shards are kept.
    """
    folders = [RunFolder(path) for _, path in shards]
    settings, origin = _common_settings(run, shards, folders)
    target = RunFolder(run)
    target.make()
    with ExitStack() as stack:
        for folder in (target, *folders):
            stack.enter_context(lock_run(folder))
        target.remove_leftovers()
        for leftover in target.part_files():  # of an interrupted merge
            leftover.unlink(missing_ok=True)
        for folder in folders:
            for part in folder.part_files():
                _copy(part, target.part_file(part.name.removesuffix(".parquet")))
        generations = [folder.newest_generation() for folder in folders]
        _copy(folders[0].voices_file(generations[0]), target.voices_file(1))
        plans = [folder.plan_files(number) for folder, number in zip(folders, generations, strict=True)]
        for number, others in enumerate([plan for plans_of_shard in plans for plan in plans_of_shard[1:]], start=1):
            _write_plan([others], target.plans / f"g0001-r{number:03d}-{number:012x}.parquet")
        for folder in folders:
            for log in (*folder.choices.glob("*.jsonl"), *folder.requests.glob("*.jsonl")):
                (target.root / log.parent.name).mkdir(parents=True, exist_ok=True)
                _copy(log, target.root / log.parent.name / f"{folder.root.name}-{log.name}")
        _write_plan([plans_of_shard[0] for plans_of_shard in plans], target.plan_file(1))
        open_generation(target, settings, origin, update=False)
    for _, path in shards:
        _delete(path)


def _common_settings(
    run: Path, shards: Sequence[tuple[Shard, Path]], folders: Sequence[RunFolder]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings that all shards have in common, without `shard`, and the origin of the first shard.

    Raises:
        RunError: a shard is missing, or the shards have different settings.
    """
    n_shards = shards[0][0].n_shards
    numbers = [shard.number for shard, _ in shards]
    if numbers != list(range(1, n_shards + 1)) or any(shard.n_shards != n_shards for shard, _ in shards):
        raise RunError(
            f"{run} does not have all shards",
            expected=f"1/{n_shards} to {n_shards}/{n_shards}",
            got=", ".join(str(shard) for shard, _ in shards),
            fix="run the missing shards, and delete those of another division",
        )
    records = [folder.newest_complete() for folder in folders]
    settings = [{k: v for k, v in record["settings"].items() if k != "shard"} for record in records]
    for (shard, _), other in zip(shards, settings, strict=True):
        changed = sorted(name for name in settings[0] if other.get(name) != settings[0][name])
        if changed or len(other) != len(settings[0]):
            raise RunError(
                f"The shards of {run} have different settings",
                expected="the same " + ", ".join(changed or ["settings"]),
                got=f"others in {shard} than in {shards[0][0]}",
                fix=f"run {shard} again with the settings of the others and --update",
            )
    return settings[0], dict(records[0]["origin"])


def _write_plan(plans: Sequence[Path], target: Path) -> None:
    """Write a plan with the rows of several plans of shards, at their positions in the manifest."""
    with open_run_file(plans[0]) as file:
        shown = file.schema_arrow
    schema = shown.remove(shown.get_field_index(ROW_COLUMN))
    write_table(_merged_rows(plans, schema), schema, target)


def _merged_rows(plans: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    first_unit = 0
    for plan in plans:
        last_unit = -1
        with open_run_file(plan) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group)
                units = pc.add(rows.column("unit"), pa.scalar(first_unit, pa.int32()))
                last_unit = max(last_unit, pc.max(units).as_py())
                rows = with_column(rows, "position", rows.column(ROW_COLUMN).combine_chunks())
                yield with_column(rows, "unit", units.combine_chunks()).select(schema.names)
        first_unit = max(first_unit, last_unit + 1)


def _copy(source: Path, target: Path) -> None:
    """Copy a file, as a hard link if both paths are on one disk; an existing target is replaced."""
    if is_remote(source) or is_remote(target):
        with write_atomically(target) as temporary, arrow_source(source) as stream, temporary.open("wb") as file:
            shutil.copyfileobj(stream, file)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:  # a file system without second names
            shutil.copy2(source, target)
    except OSError as error:
        raise storage_error(error, target) from error


def _delete(folder: Path) -> None:
    if not is_remote(folder):
        shutil.rmtree(folder, ignore_errors=True)
        return
    files, folders = list_folder(folder)
    for name in files:
        (folder / name).unlink(missing_ok=True)
    for name in folders:
        _delete(folder / name)
