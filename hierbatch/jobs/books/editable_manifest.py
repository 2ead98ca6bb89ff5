"""Manifest of a book as a file that the user edits: a new import is merged into it and never overwrites it.

The hidden file `.manifest.import.parquet` next to `manifest.csv` contains the rows of the last import. Comparing these
rows with the manifest shows the edits of the user; comparing them with a new import shows the changes in the book.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.errors import InputError, ManifestError
from hierbatch.json_object import parse_json_object
from hierbatch.manifest.books.merged_rows import MergedRows, Row, UsedIds, carry_ids, merge_rows
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.csv_table import write_csv
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.tables.store import open_table
from hierbatch.storage import write_atomically

WHOLE, DIVIDED = "whole", "divided"
"""Kinds of imports: with whole sentences, or with sentences divided at quotations, as by `hierbatch cast`."""

_USED_KEY = b"hierbatch_used_ids"
_KIND_KEY = b"hierbatch_import_kind"
_MAX_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestUpdate:
    """Effect of an import on the manifest.

    If `merged` is None, the manifest was either written for the first time (`is_new`) or left as it was.
    """

    manifest: Path
    is_new: bool = False
    merged: MergedRows | None = None
    is_divided: bool = False
    """True if the manifest was left as it was because it is divided at quotations, and the import is not."""

    @property
    def notices(self) -> list[str]:
        """Messages for the user about the changes that were merged; empty if there are none."""
        if self.is_divided:
            return [f"{self.manifest} is divided at quotations; `hierbatch cast` merges a changed book into it"]
        if self.merged is None:
            return []
        counts = (
            (self.merged.n_added, "new"),
            (self.merged.n_removed, "removed"),
            (self.merged.n_changed, "changed in the book"),
            (self.merged.n_edited, "edited by hand and kept"),
        )
        shown = ", ".join(f"{number} {name}" for number, name in counts if number) or "places of rows only"
        return [f"{self.manifest}: merged with the changed book: {shown}"]


def find_manifest(folder: Path) -> Path:
    """Path of the manifest of a project folder: `manifest.csv` if it exists, otherwise `manifest.parquet`.

    Raises:
        InputError: both files exist.
    """
    found = [path for name in ("manifest.csv", "manifest.parquet") if (path := folder / name).exists()]
    if len(found) > 1:
        raise InputError(
            f"{folder} has two manifests",
            expected="manifest.csv or manifest.parquet",
            got="both",
            fix="remove the one that you do not edit",
        )
    return found[0] if found else folder / "manifest.parquet"


def update_manifest(table: pa.Table, manifest: Path, prefer: str | None = None, kind: str = WHOLE) -> ManifestUpdate:
    """Write the rows of an imported book as its manifest, or merge them into the existing manifest.

    An existing manifest is left as it is if the book has not changed, if no earlier import is recorded, or if the
    manifest is divided at quotations and the import is not.

    Args:
        table: rows of the new import.
        manifest: Parquet or CSV file.
        prefer: version that wins conflicts, `edited` or `imported`; None raises an error if there are conflicts.
        kind: `whole`, or `divided` if the rows are divided at quotations.

    Raises:
        ManifestError: the manifest cannot be read.
        InputError: edits conflict with the new import; nothing was written.
        StorageError: the disk is full.
    """
    base_file = _base_file(manifest)
    base, used, base_kind = _read_base(base_file)
    imported = table.to_pylist()
    if not manifest.exists():
        rows = carry_ids(base, imported, used) if base else imported
        _write_manifest(pa.Table.from_pylist(rows, schema=table.schema), manifest)
        _write_base(rows, table.schema, used, kind, base_file)
        return ManifestUpdate(manifest=manifest, is_new=True)
    if base is None:  # written by hand or by an earlier version: all its differences from the book are edits
        _write_base(imported, table.schema, used, kind, base_file)
        return ManifestUpdate(manifest=manifest)
    if (base_kind, kind) == (DIVIDED, WHOLE):
        return ManifestUpdate(manifest=manifest, is_divided=True)
    if _without_ids(base) == _without_ids(imported):
        return ManifestUpdate(manifest=manifest)
    edited = _read_manifest(manifest)
    merged = merge_rows(base, edited.to_pylist(), imported, used, prefer)
    if merged.conflicts:
        raise _conflict_error(manifest, merged)
    schema = pa.unify_schemas([edited.schema.remove_metadata(), table.schema.remove_metadata()])
    _keep_previous(manifest)
    _write_manifest(pa.Table.from_pylist(merged.rows, schema=schema.with_metadata(table.schema.metadata)), manifest)
    _write_base(merged.imported, table.schema, used, kind, base_file)
    return ManifestUpdate(manifest=manifest, merged=merged)


def _conflict_error(manifest: Path, merged: MergedRows) -> InputError:
    shown = [f"{conflict.id}: {conflict.reason}" for conflict in merged.conflicts[:_MAX_SHOWN]]
    more = [f"{len(merged.conflicts) - _MAX_SHOWN} more"] if len(merged.conflicts) > _MAX_SHOWN else []
    n = len(merged.conflicts)
    edits = "1 edit of {} is" if n == 1 else f"{n} edits of {{}} are"
    return InputError(
        f"{edits.format(manifest)} in conflict with the changed book; nothing was written",
        got="; ".join([*shown, *more]),
        fix="make these rows equal to the book, or pass --conflicts edited or --conflicts imported",
    )


def _base_file(manifest: Path) -> Path:
    return manifest.with_name(f".{manifest.stem}.import.parquet")


def _read_base(path: Path) -> tuple[list[Row] | None, UsedIds, str]:
    if not path.exists():
        return None, UsedIds(), WHOLE
    try:
        table = pq.read_table(path)
        metadata = table.schema.metadata or {}
        highest = parse_json_object(metadata.get(_USED_KEY, b"{}"))
        used = UsedIds({prefix: int(number) for prefix, number in highest.items()})
        kind = metadata.get(_KIND_KEY, WHOLE.encode()).decode()
        if not {"id", "text"} <= set(table.column_names):
            raise ValueError("it lacks the columns id and text")
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise ManifestError(
            f"{path} cannot be read", got=str(error).splitlines()[0], fix="delete it: the manifest is kept as it is"
        ) from error
    return table.to_pylist(), used, kind


def _write_base(rows: list[Row], schema: pa.Schema, used: UsedIds, kind: str, path: Path) -> None:
    used.add(row["id"] for row in rows)
    used_ids = json.dumps(used.highest).encode()
    metadata = {**(schema.metadata or {}), _USED_KEY: used_ids, _KIND_KEY: kind.encode()}
    write_table([pa.Table.from_pylist(rows, schema=schema)], schema.with_metadata(metadata), path)


def _read_manifest(path: Path) -> pa.Table:
    table = open_table(path, MANIFEST_COLUMNS)
    if table.problems:
        raise ManifestError(f"{path} is not a valid manifest", got="; ".join(table.problems), fix="correct the table")
    found = pa.concat_tables([table.schema.empty_table(), *table.batches()])
    _check_ids(found, path)
    return found


def _check_ids(table: pa.Table, path: Path) -> None:
    """Raise ManifestError if the column `id` or `text` is missing, or an id is repeated; rows may have no id yet."""
    missing = [name for name in ("id", "text") if name not in table.column_names]
    if missing:
        raise ManifestError(
            f"{path} has no column {' or '.join(missing)}",
            expected="a row of column names, and then the rows of the manifest",
            got=", ".join(table.column_names[:10]) or "nothing",
            fix="restore the column, or delete the file: the book is then imported again",
        )
    counts = Counter(name for name in table.column("id").to_pylist() if name)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise ManifestError(
            f"{path} has several rows with the same id",
            got=", ".join(repeated[:_MAX_SHOWN]),
            fix="leave the id of a copied or divided row empty; it gets one of its own",
        )


def _keep_previous(manifest: Path) -> None:
    """Copy the manifest to a hidden file before a merge changes it."""
    with write_atomically(manifest.with_name(f".{manifest.stem}.before-import{manifest.suffix}")) as temporary:
        temporary.write_bytes(manifest.read_bytes())


def _without_ids(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def _write_manifest(table: pa.Table, path: Path) -> None:
    if path.suffix.lower() == ".parquet":
        write_table([table], table.schema, path)
        return
    with write_atomically(path) as temporary:
        write_csv(table, temporary)
