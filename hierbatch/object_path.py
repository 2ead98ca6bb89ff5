"""A path in an object store, for manifests and runs; through `pyarrow.fs`, so that what Arrow reaches we reach.

It has the part of the face of `pathlib.Path` that manifests and runs use, and stands in for a Path there. An object is
written with one PUT (or one multipart upload, which counts when it is completed), so it is there whole or not at all;
folders do not exist and need not be made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from hierbatch.errors import InputError

if TYPE_CHECKING:  # Arrow takes a while to import, and the command line knows paths before it needs any
    import pyarrow as pa
    from pyarrow import fs

_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def place(text: str | Path) -> Path:
    """Where a text points to: a path of this machine, or in an object store where it has a scheme (`s3://...`)."""
    if _ADDRESS.match(str(text)):
        return cast("Path", ObjectPath(str(text).rstrip("/")))
    return Path(text)


def here(text: str | Path) -> Path:
    """Where a text points to on this machine, for commands that work with files alone.

    Raises:
        InputError: it is an address.
    """
    if _ADDRESS.match(str(text)):
        raise InputError(
            "This has to be a path of this machine",
            got=str(text),
            mend="copy it here with your store's own tools, or name a folder here",
        )
    return Path(text)


def is_remote(path: Path) -> bool:
    """Whether a path lies in an object store."""
    return isinstance(path, ObjectPath)


def readable(path: Path) -> Any:
    """What Arrow's readers take: a path of this machine as it is, an object as an open file of which pieces are read.

    Raises:
        OSError: there is no such object, or the store does not answer.
    """
    return path.open_input() if isinstance(path, ObjectPath) else path


@dataclass(frozen=True, slots=True, order=True)
class ObjectPath:
    """One object, or the prefix of many."""

    uri: str

    def __str__(self) -> str:
        return self.uri

    def __truediv__(self, name: str) -> ObjectPath:
        return ObjectPath(f"{self.uri}/{name}")

    @property
    def name(self) -> str:
        return PurePosixPath(self.uri).name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.uri).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.uri).suffix

    @property
    def parent(self) -> ObjectPath:
        return ObjectPath(self.uri.rpartition("/")[0])

    def resolve(self) -> ObjectPath:
        return self

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Nothing to do: a prefix is there when something has it."""

    def exists(self) -> bool:
        return str(self._info().type.name) != "NotFound"

    def is_file(self) -> bool:
        return bool(self._info().is_file)

    def glob(self, pattern: str) -> Iterator[ObjectPath]:
        """Objects right under this prefix whose names match."""
        return (path for path in self.iterdir() if fnmatchcase(path.name, pattern))

    def iterdir(self) -> Iterator[ObjectPath]:
        """Objects right under this prefix."""
        from pyarrow import fs

        system, key = self._where()
        found = system.get_file_info(fs.FileSelector(key, allow_not_found=True))
        return (self / info.base_name for info in found if info.is_file)

    def read_bytes(self) -> bytes:
        with self.open_input() as file:
            return bytes(file.read())

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read_bytes().decode(encoding)

    def write_bytes(self, content: bytes) -> int:
        """Put the whole object down at once."""
        system, key = self._where()
        file = system.open_output_stream(key)
        file.write(content)
        file.close()  # not in a `with`: where writing failed, closing would put down a torn object
        return len(content)

    def write_text(self, text: str, encoding: str = "utf-8") -> int:
        return self.write_bytes(text.encode(encoding))

    def put(self, file: Path) -> None:
        """Put a file of this machine down here, a piece of it in memory at a time."""
        from pyarrow import fs

        system, key = self._where()
        # Not piece by piece in Python: an interrupt between two pieces would leave a torn object.
        fs.copy_files(str(file), key, source_filesystem=fs.LocalFileSystem(), destination_filesystem=system)

    def unlink(self, missing_ok: bool = False) -> None:
        system, key = self._where()
        try:
            system.delete_file(key)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def open_input(self) -> pa.NativeFile:
        """The object as a file that can be read anywhere in it."""
        system, key = self._where()
        return system.open_input_file(key)

    def _info(self) -> fs.FileInfo:
        system, key = self._where()
        return system.get_file_info(key)

    def _where(self) -> tuple[fs.FileSystem, str]:
        scheme, _, rest = self.uri.partition("://")
        bucket, _, key = rest.partition("/")
        return _file_system(f"{scheme}://{bucket}"), f"{bucket}/{key}"


@cache
def _file_system(bucket: str) -> fs.FileSystem:
    """One client a bucket; credentials, region and endpoint come from the environment, as the store's own tools do."""
    from pyarrow import fs

    system, _ = fs.FileSystem.from_uri(bucket)
    return system
