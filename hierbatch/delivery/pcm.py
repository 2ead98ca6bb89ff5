"""Intermediate mono audio: raw little-endian 32-bit floats in a temporary file, read and written in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from hierbatch.audio.waveform import Samples
from hierbatch.storage import storage_error

_BLOCK_SAMPLES = 1 << 16


def write_pcm(path: Path, blocks: Iterable[Samples]) -> None:
    """Write blocks of samples in order; raises StorageError if the disk is full."""
    with path.open("wb") as file:
        for block in blocks:
            try:
                file.write(np.ascontiguousarray(block, "<f4").data)
            except OSError as error:
                raise storage_error(error, path) from error


def read_pcm(path: Path) -> Iterator[Samples]:
    """Yield the samples of a file in blocks of 65,536; the last block may be shorter."""
    with path.open("rb") as file:
        while block := file.read(4 * _BLOCK_SAMPLES):
            yield np.frombuffer(block, "<f4")
