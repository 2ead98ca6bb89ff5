"""Reader for untrusted zip archives; limits size and compression ratio, and refuses paths outside the archive."""

from __future__ import annotations

import posixpath
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from hierbatch.errors import BookError

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Limits on the content of an archive; a large illustrated book stays far below them.

    The compression ratio of a member is checked only above `ratio_free_bytes`, since tiny members compress very well
    and do no harm.
    """

    max_members: int = 5_000
    max_member_bytes: int = 64 * _MEGABYTE
    max_total_bytes: int = 512 * _MEGABYTE
    max_ratio: float = 200.0
    ratio_free_bytes: int = _MEGABYTE


class Archive:
    """Zip file open for reading; all entries of its directory are checked before any member is unpacked.

    Members are read into memory one at a time, and nothing is written to disk.

    Raises:
        BookError: the file is not a zip archive, is damaged, is encrypted, exceeds the limits, or has members with
            paths outside the archive.
    """

    def __init__(self, path: Path, limits: ArchiveLimits | None = None) -> None:
        self._path = path
        self._limits = limits or ArchiveLimits()
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise self._refusal("is not a readable EPUB", "a zip archive", str(error)) from error
        # Some Windows tools write backslashes, which the standard does not know.
        self._members = {member.filename.replace("\\", "/"): member for member in self._zip.infolist()}
        try:
            self._check_directory()
        except BookError:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._zip.close()

    @property
    def names(self) -> frozenset[str]:
        """Paths of all members."""
        return frozenset(self._members)

    def read(self, name: str) -> bytes:
        """Read one member; the size limit applies to its unpacked bytes, whatever size the header declares.

        Raises:
            BookError: the member is missing, damaged or too large.
        """
        limit = self._limits.max_member_bytes
        try:
            with self._zip.open(self._members[name]) as member:
                data = member.read(limit + 1)
        except KeyError as error:
            raise self._refusal(
                f"lacks a file that it refers to: {name}", "a complete EPUB", "no such member"
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise self._refusal(f"is damaged at {name}", "an intact zip member", str(error)) from error
        if len(data) > limit:
            raise self._too_large(name, len(data), limit)
        return data

    def _check_directory(self) -> None:
        members = self._zip.infolist()
        if len(members) > self._limits.max_members:
            raise self._refusal("has too many files", f"at most {self._limits.max_members} members", str(len(members)))
        for member in members:
            self._check_member(member)
        total = sum(member.file_size for member in members)
        if total > self._limits.max_total_bytes:
            raise self._too_large("the whole archive", total, self._limits.max_total_bytes)

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        name, limits = member.filename.replace("\\", "/"), self._limits
        if not is_inside(name) or stat.S_ISLNK(member.external_attr >> 16):
            raise self._refusal("has a path outside itself", "plain files inside the archive", repr(name))
        if member.flag_bits & 0x1:
            raise self._refusal("is encrypted with a password", "an archive without a password", repr(name))
        if member.file_size > limits.max_member_bytes:
            raise self._too_large(name, member.file_size, limits.max_member_bytes)
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > limits.ratio_free_bytes and ratio > limits.max_ratio:
            raise self._refusal(
                f"has a suspicious compression ratio at {name}",
                f"at most {limits.max_ratio:.0f} times the compressed size",
                f"{ratio:.0f}",
            )

    def _too_large(self, name: str, got: int, limit: int) -> BookError:
        wanted = f"at most {limit // _MEGABYTE} MB"
        return self._refusal(f"is too large when unpacked: {name}", wanted, f"{got / _MEGABYTE:.1f} MB or more")

    def _refusal(self, fault: str, wanted: str, got: str) -> BookError:
        return BookError(
            f"{self._path.name} {fault}", expected=wanted, got=got, fix="download the book again from its publisher"
        )


def is_inside(name: str) -> bool:
    """True for a member path that stays below the root of the archive on every operating system."""
    if not name or "\0" in name or "\\" in name or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return False
    return ".." not in name.split("/")


def resolve(base: str, href: str) -> str | None:
    """Resolve a percent-decoded link in the member `base` to a member path; None if it leads outside the archive."""
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), href)) if href else base
    return joined if is_inside(joined) else None
