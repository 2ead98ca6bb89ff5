"""Target of an encoder: a buffer in memory, which can move to a temporary file when it becomes large."""

from __future__ import annotations

import io
import tempfile
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, Any

from hierbatch.storage import storage_error

MAX_BYTES_IN_MEMORY = 16 << 20


class EncodingSink(io.RawIOBase):
    """File object that libsndfile writes to.

    libsndfile calls the methods from C, where an exception would be lost; therefore a disk error is stored, and
    `content` raises it.
    """

    def __init__(self, *, in_memory: bool = True) -> None:
        """Create an empty sink; if `in_memory` is True, the content stays in memory at any size."""
        self._in_memory = in_memory
        self._file: IO[bytes] = io.BytesIO()
        self._error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write at the current position."""
        try:
            self._file.write(data)
            if not self._in_memory and isinstance(self._file, io.BytesIO) and self._file.tell() > MAX_BYTES_IN_MEMORY:
                self._move_to_disk(self._file)
        except OSError as error:
            self._error = self._error or error
        return len(data)

    def read(self, n_bytes: int = -1) -> bytes:
        """Read from the current position."""
        return self._file.read(n_bytes)

    def seek(self, offset: int, origin: int = 0) -> int:
        """Move the current position."""
        return self._file.seek(offset, origin)

    def content(self) -> bytes | mmap:
        """Return the written content, as bytes or as a memory map of the temporary file, which is deleted with the map.

        Raises:
            StorageError: the temporary file cannot be written, for example because the disk is full.
        """
        try:
            if self._error:
                raise self._error
            if isinstance(self._file, io.BytesIO):
                return self._file.getvalue()
            with self._file as file:
                file.flush()
                return mmap(file.fileno(), 0, access=ACCESS_READ)
        except OSError as error:
            raise storage_error(error, Path(tempfile.gettempdir())) from error

    def _move_to_disk(self, buffer: io.BytesIO) -> None:
        file = tempfile.TemporaryFile(prefix="hierbatch-")  # noqa: SIM115 - closed by `content`, or with the sink
        file.write(buffer.getbuffer())
        file.seek(buffer.tell())
        self._file = file
