"""Object store paths for manifests and runs, through `pyarrow.fs`: every store that Arrow supports works.

`ObjectPath` implements the part of the `pathlib.Path` interface that manifests and runs use. An object is written with
one PUT (or one multipart upload, visible only once it is completed), so readers see a complete object or none. Object
stores have no folders, so none are created.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from hierbatch.errors import InputError
from hierbatch.names import find_path, is_utf8, printable_name
from hierbatch.regular_file import regular_file_size

if TYPE_CHECKING:  # Arrow is slow to import, and the command line parses paths before it needs Arrow
    import pyarrow as pa
    from pyarrow import fs

_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def parse_path(text: str | Path) -> Path:
    """Parse an object store path if the text has a scheme (`s3://...`), or else a local path, as found by `find_path`.

    Raises:
        InputError: the path is not UTF-8.
    """
    if _ADDRESS.match(str(text)):
        return cast("Path", ObjectPath(str(text).rstrip("/")))
    return _find_readable(text)


def local_path(text: str | Path) -> Path:
    """Parse a local path, for commands that support local files only.

    Raises:
        InputError: the text is an object store address, or not UTF-8.
    """
    if _ADDRESS.match(str(text)):
        raise InputError(
            "The path is not local",
            expected="a path on this machine",
            got=str(text),
            fix="copy it to this machine with the store's own tools, or pass a local folder",
        )
    return _find_readable(text)


def _find_readable(text: str | Path) -> Path:
    if not is_utf8(str(text)):  # tables and records could not name it
        raise InputError(
            "The path is not valid UTF-8",
            expected="a path in UTF-8",
            got=printable_name(str(text)),
            fix="rename the file or folder",
        )
    return find_path(Path(text))


def is_remote(path: Path) -> bool:
    """Return True for a path in an object store."""
    return isinstance(path, ObjectPath)


def arrow_source(path: Path) -> Any:
    """Source for Arrow's readers: a local path, or an open file for an object and for a name that is not UTF-8.

    Raises:
        OSError: the object does not exist, the store does not respond, or the path is not a regular file.
    """
    if isinstance(path, ObjectPath):
        return path.open_input()
    regular_file_size(path)
    return path if is_utf8(str(path)) else path.open("rb")


@dataclass(frozen=True, slots=True, order=True)
class ObjectPath:
    """Address of one object, or the common prefix of several."""

    uri: str

    def __str__(self) -> str:
        return self.uri

    def __truediv__(self, name: str) -> ObjectPath:
        return ObjectPath(f"{self.uri}/{name}")

    @property
    def name(self) -> str:
        """Last component."""
        return PurePosixPath(self.uri).name

    @property
    def stem(self) -> str:
        """Last component without its suffix."""
        return PurePosixPath(self.uri).stem

    @property
    def suffix(self) -> str:
        """Suffix of the last component, with the dot."""
        return PurePosixPath(self.uri).suffix

    @property
    def parent(self) -> ObjectPath:
        """Prefix one level up."""
        return ObjectPath(self.uri.rpartition("/")[0])

    def resolve(self) -> ObjectPath:
        """Return the path itself: object stores have no links."""
        return self

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: object stores have no folders."""

    def exists(self) -> bool:
        """Return True for an object or a prefix with objects."""
        return str(self._info().type.name) != "NotFound"

    def is_file(self) -> bool:
        """Return True for an object."""
        return bool(self._info().is_file)

    def glob(self, pattern: str) -> Iterator[ObjectPath]:
        """Direct children of this prefix with matching names."""
        return (path for path in self.iterdir() if fnmatchcase(path.name, pattern))

    def iterdir(self) -> Iterator[ObjectPath]:
        """Direct children of this prefix."""
        return (self / name for name in self.names()[0])

    def names(self) -> tuple[list[str], list[str]]:
        """Names of the objects and of the prefixes directly below this prefix."""
        from pyarrow import fs

        system, key = self._locate()
        found = system.get_file_info(fs.FileSelector(key, allow_not_found=True))
        return (
            [info.base_name for info in found if info.is_file],
            [info.base_name for info in found if info.type == fs.FileType.Directory],
        )

    def read_bytes(self) -> bytes:
        """Content of the object."""
        with self.open_input() as file:
            return bytes(file.read())

    def read_text(self, encoding: str = "utf-8") -> str:
        """Content of the object, decoded."""
        return self.read_bytes().decode(encoding)

    def write_bytes(self, content: bytes) -> int:
        """Write the whole object at once."""
        system, key = self._locate()
        file = system.open_output_stream(key)
        file.write(content)
        file.close()  # not in a `with`: after a failed write, closing would commit a truncated object
        return len(content)

    def write_text(self, text: str, encoding: str = "utf-8") -> int:
        """Write the whole object at once, encoded."""
        return self.write_bytes(text.encode(encoding))

    def put(self, file: Path) -> None:
        """Upload a local file in chunks."""
        from pyarrow import fs

        system, key = self._locate()
        # Not in a Python loop: an interrupt between two chunks would leave a truncated object.
        fs.copy_files(str(file), key, source_filesystem=fs.LocalFileSystem(), destination_filesystem=system)

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the object."""
        system, key = self._locate()
        try:
            system.delete_file(key)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def open_input(self) -> pa.NativeFile:
        """Open the object for random access."""
        system, key = self._locate()
        return system.open_input_file(key)

    def _info(self) -> fs.FileInfo:
        system, key = self._locate()
        return system.get_file_info(key)

    def _locate(self) -> tuple[fs.FileSystem, str]:
        scheme, _, rest = self.uri.partition("://")
        bucket, _, key = rest.partition("/")
        return _file_system(f"{scheme}://{bucket}"), f"{bucket}/{key}"


def list_folder(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders directly below a path, in any order; none if it does not exist.

    On a disk, the directory entries show the file types, so that no request for each file is needed.
    """
    if isinstance(folder, ObjectPath):
        return folder.names()
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, entry.is_dir()) for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    return [name for name, is_folder in found if not is_folder], [name for name, is_folder in found if is_folder]


@cache
def _file_system(bucket: str) -> fs.FileSystem:
    """Client of a bucket, created once; credentials, region and endpoint come from the environment."""
    from pyarrow import fs

    system, _ = fs.FileSystem.from_uri(bucket)
    return system
