"""Functions shared by all jobs on recordings: source paths, a hash of their file status, and the entry in run.json."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow.compute as pc

from hierbatch.errors import InputError, SourceError
from hierbatch.manifest.tables.store import TableFile
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.names import find_path
from hierbatch.stages.sources import resolve_source_path
from hierbatch.stages.tasks import Task

_MAX_EXAMPLES = 5


class RecordingsSpec(Protocol):
    """Job specification whose rows are recordings."""

    @property
    def manifest(self) -> Path:
        """Manifest of recordings."""

    @property
    def root(self) -> Path:
        """Base folder of relative source paths; recordings outside it are rejected."""

    @property
    def model(self) -> ModelChoice:
        """Model, and the device it runs on."""


def recordings_origin(spec: RecordingsSpec, task: Task) -> dict[str, str]:
    """Entry `origin` in the record of a run on recordings: paths of the inputs, task and model."""
    return {
        "task": task.name,
        "manifest": str(spec.manifest),
        "source_root": str(spec.root.resolve()),
        "model": spec.model.model,
    }


def folder_of(manifest: Path) -> Path:
    """Base folder of the source paths of a manifest: its parent, or the manifest itself if it is a folder."""
    return manifest if manifest.is_dir() else manifest.parent


def check_source_root(root: Path) -> Path:
    """Check that the folder of recordings exists, and return it.

    Raises:
        InputError: the folder does not exist.
    """
    if not root.is_dir():
        raise InputError(
            "The folder of recordings does not exist", expected="a folder", got=str(root), fix="correct --source-root"
        )
    return root


@dataclass(slots=True)
class _UnusableSources:
    """Count of the recordings that cannot be used for one reason, and the first examples."""

    n_rows: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, path: str | None) -> None:
        """Count a row; keep the path of its recording as an example, if there are few examples so far."""
        self.n_rows += 1
        if path and self.n_rows <= _MAX_EXAMPLES:
            self.examples.append(path[:80])

    def __str__(self) -> str:
        shown = [*self.examples, "..."] if self.n_rows > _MAX_EXAMPLES else self.examples
        return f"{self.n_rows} ({', '.join(shown)})" if self.examples else str(self.n_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScan:
    """File status of the recordings of a manifest; their content is not read."""

    state: str
    """Hash of all paths, sizes and modification times, by which a run notices that recordings have changed."""
    root: Path
    n_found: int
    unusable: dict[str, _UnusableSources]
    """Recordings that cannot be used, keyed by the reason."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Messages about recordings that cannot be used, one for each reason."""
        return tuple(f"{reason}: {sources}. Their rows will fail" for reason, sources in self.unusable.items())

    def check(self) -> SourceScan:
        """Check that at least one recording can be used, and return this scan.

        Raises:
            InputError: no recording can be used.
        """
        if self.unusable and not self.n_found:
            raise InputError(
                f"None of the {sum(sources.n_rows for sources in self.unusable.values())} recordings can be found",
                expected=f"paths of recordings under {self.root}",
                got="; ".join(f"{reason}: {sources}" for reason, sources in self.unusable.items()),
                fix="correct the column source, or name the folder of the recordings with --source-root",
            )
        return self


def check_sources(manifest: TableFile | None, root: Path | None) -> SourceScan | None:
    """Scan the recordings of a manifest, and check that at least one recording can be used.

    The result is None if `manifest` or `root` is None, or the manifest has no valid column `source`.

    Raises:
        InputError: no recording can be used.
    """
    if manifest is None or root is None or "source" not in manifest.valid_columns:
        return None
    return scan_sources(manifest, root).check()


def scan_sources(manifest: TableFile, root: Path) -> SourceScan:
    """Read the file status of every recording of a manifest, but not its content; embedded audio counts as found."""
    digest = hashlib.sha256()
    n_found = 0
    unusable: defaultdict[str, _UnusableSources] = defaultdict(_UnusableSources)
    for rows in manifest.batches(["source"]):
        column = rows.column("source")
        # Embedded audio stays in Arrow: a copy as Python bytes might not fit into memory.
        embedded = pc.is_valid(pc.struct_field(column, "bytes")).to_pylist()
        for path, is_embedded in zip(pc.struct_field(column, "path").to_pylist(), embedded, strict=True):
            if is_embedded:
                n_found += 1
                continue
            state, reason = _stat_source(root, path)
            if reason:
                unusable[reason].add(path)
            else:
                n_found += 1
            if path is not None:
                digest.update(f"{path}\0{state}\n".encode())
    return SourceScan(state=digest.hexdigest(), root=root, n_found=n_found, unusable=dict(unusable))


def _stat_source(root: Path, path: str | None) -> tuple[str, str | None]:
    """Size and modification time of a file as text, and the reason why the file cannot be used (None if it can)."""
    if not path:
        return "missing", "Rows without a recording"
    reason: str | None = None
    try:
        found = os.stat(find_path(root / path))
    except (OSError, ValueError):
        state, reason = "missing", "Recordings not found"
    else:
        state = f"{found.st_size} {found.st_mtime_ns}"
        if not stat.S_ISREG(found.st_mode):
            reason = "Recordings that are not regular files"
    try:
        resolve_source_path(root, path)
    except SourceError:
        return state, f"Recordings outside {root}"
    except ValueError:  # a null character inside
        return state, "Recordings not found"
    return state, reason
