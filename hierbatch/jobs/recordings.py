"""What every order of recordings shares: where they lie, what they are known by, and what a run's record says of it."""

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
from hierbatch.manifest.store import TableFile
from hierbatch.stages.sources import locate_source
from hierbatch.stages.tasks import Task

_N_EXAMPLES = 5


class RecordingsOrder(Protocol):
    """An order whose rows are recordings."""

    @property
    def manifest(self) -> Path: ...

    @property
    def root(self) -> Path:
        """Where relative paths of recordings start, and what all of them stay under."""

    @property
    def bundle(self) -> str: ...

    @property
    def model_factory(self) -> str: ...


def recordings_origin(order: RecordingsOrder, task: Task) -> dict[str, str]:
    """Where the inputs of an order lie, and who works on them."""
    return {
        "task": task.name,
        "manifest": str(order.manifest),
        "source_root": str(order.root.resolve()),
        "bundle": order.bundle,
        "model_factory": order.model_factory,
    }


def check_source_root(root: Path) -> Path:
    """The folder of recordings; raises InputError where it is not there."""
    if not root.is_dir():
        raise InputError("The folder of recordings is not there", wanted="a folder", got=str(root))
    return root


@dataclass(slots=True)
class _Lost:
    """Recordings of one kind that cannot be used, counted and shown by a few."""

    n_rows: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, path: str | None) -> None:
        self.n_rows += 1
        if path and self.n_rows <= _N_EXAMPLES:
            self.examples.append(path[:80])

    def __str__(self) -> str:
        shown = [*self.examples, "..."] if self.n_rows > _N_EXAMPLES else self.examples
        return f"{self.n_rows} ({', '.join(shown)})" if self.examples else str(self.n_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSources:
    """Where the recordings of a manifest stand, looked at and not read."""

    state: str
    """A hash of their paths, sizes and times: it tells a changed recording, and not whether a take is still right."""
    root: Path
    n_found: int
    lost: dict[str, _Lost]
    """Those that cannot be used, by what is the matter with them."""

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(f"{matter}: {lost}. Their rows will fail" for matter, lost in self.lost.items())

    def check(self) -> FoundSources:
        """The same; raises InputError where not one recording can be used."""
        if self.lost and not self.n_found:
            raise InputError(
                f"None of the {sum(lost.n_rows for lost in self.lost.values())} recordings can be found",
                wanted=f"paths of recordings under {self.root}",
                got="; ".join(f"{matter}: {lost}" for matter, lost in self.lost.items()),
                mend="correct the column source, or name the folder that holds the recordings with --source-root",
            )
        return self


def check_sources(manifest: TableFile | None, root: Path | None) -> FoundSources | None:
    """The recordings of a manifest, where both it and their folder can be read.

    Raises:
        InputError: not one of them can be used.
    """
    if manifest is None or root is None or "source" not in manifest.fitting:
        return None
    return find_sources(manifest, root).check()


def find_sources(manifest: TableFile, root: Path) -> FoundSources:
    """Look where every recording of a manifest stands; sound inside the manifest is there."""
    digest = hashlib.sha256()
    n_found = 0
    lost: defaultdict[str, _Lost] = defaultdict(_Lost)
    for rows in manifest.batches(["source"]):
        column = rows.column("source")
        # Sound inside the manifest is not made into Python's own: it may be all that there is room for.
        inside = pc.is_valid(pc.struct_field(column, "bytes")).to_pylist()
        for path, is_inside in zip(pc.struct_field(column, "path").to_pylist(), inside, strict=True):
            if is_inside:
                n_found += 1
                continue
            state, matter = _look(root, path)
            if matter:
                lost[matter].add(path)
            else:
                n_found += 1
            if path is not None:
                digest.update(f"{path}\0{state}\n".encode())
    return FoundSources(state=digest.hexdigest(), root=root, n_found=n_found, lost=dict(lost))


def _look(root: Path, path: str | None) -> tuple[str, str | None]:
    """Size and time of a file, and what is the matter with it as a recording."""
    if not path:
        return "missing", "Rows that name no recording"
    matter: str | None = None
    try:
        found = os.stat(root / path)
    except (OSError, ValueError):
        state, matter = "missing", "Recordings that are not there"
    else:
        state = f"{found.st_size} {found.st_mtime_ns}"
        if not stat.S_ISREG(found.st_mode):
            matter = "Recordings that are no regular files"
    try:
        locate_source(root, path)
    except SourceError:
        return state, f"Recordings outside {root}"
    except ValueError:  # a null character inside
        return state, "Recordings that are not there"
    return state, matter
