"""Names from users and file systems, compared in Unicode NFC: macOS stores file names in NFD."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_MAX_LISTED_FOLDERS = 64


def nfc(text: str) -> str:
    """Text in Unicode normalization form C, in which equal names have equal characters."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def clean_name(text: str) -> str:
    """Name in NFC, with single spaces inside and no spaces at its ends."""
    return " ".join(nfc(text).split())


def name_key(text: str) -> str:
    """Key of a name: equal for spellings that differ in case, spaces or normalization form."""
    return nfc(clean_name(text).casefold())


def printable_name(name: str) -> str:
    """File name with backslash escapes for bytes that are not UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def is_utf8(name: str) -> bool:
    """True for a file name in valid UTF-8; in other names, Python represents invalid bytes by surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def group_spellings(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of two or more spellings with the same `name_key`, in order of first occurrence."""
    groups: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for name in names:
        groups[name_key(name)][name] = None
    return [tuple(group) for group in groups.values() if len(group) > 1]


def find_path(path: Path | str) -> Path:
    """Existing path that is canonically equivalent to the given path in Unicode; the given path if there is none."""
    path = Path(path)
    if str(path).isascii() or os.path.lexists(path):
        return path
    found = Path(path.anchor)
    for part in path.relative_to(path.anchor).parts:
        found /= part if part.isascii() else _find_child(found, part)
    return found


def _find_child(folder: Path, name: str) -> str:
    """Name in a folder that is canonically equivalent to the given name; the given name if there is none."""
    for form in (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)):
        if os.path.lexists(folder / form):
            return form
    try:
        changed_ns = os.stat(folder).st_mtime_ns
        return _children(folder, changed_ns).get(nfc(name), name)
    except OSError:
        return name


@lru_cache(maxsize=_MAX_LISTED_FOLDERS)
def _children(folder: Path, changed_ns: int) -> dict[str, str]:
    """Names in a folder that are not ASCII, by their NFC form; cached until the folder changes."""
    del changed_ns  # only part of the cache's key
    return {nfc(name): name for name in os.listdir(folder) if not name.isascii()}
