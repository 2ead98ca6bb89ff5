"""What every order of recordings shares: where they lie, what they are known by, and what a run's record says of it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Protocol

from hierbatch.errors import InputError
from hierbatch.manifest.store import TableFile
from hierbatch.stages.tasks import Task


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


def check_source_root(root: Path) -> None:
    """Raises InputError where the folder of recordings is not there."""
    if not root.is_dir():
        raise InputError("The folder of recordings is not there", wanted="a folder", got=str(root))


def sources_state(manifest: TableFile, root: Path) -> str:
    """A hash of where the recordings of a manifest stand, how large they are and when they were written.

    It tells a changed recording without reading any; whether a take is still right its key says.
    """
    digest = hashlib.sha256()
    for rows in manifest.batches(["source"]):
        for source in rows.column("source").to_pylist():
            if source is None or source["path"] is None or source["bytes"] is not None:
                continue
            try:
                found = os.stat(root / source["path"])
                state = f"{found.st_size} {found.st_mtime_ns}"
            except (OSError, ValueError):
                state = "missing"
            digest.update(f"{source['path']}\0{state}\n".encode())
    return digest.hexdigest()
