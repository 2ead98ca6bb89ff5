"""Text files of one line an utterance, one file a split, open side by side."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self


class LineFiles:
    """Files by name inside a folder, opened when they are first written to; `.gz` names are compressed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._opened.close()

    def write(self, name: str, line: str) -> None:
        """Raises OSError."""
        if name not in self._files:
            raw: IO[bytes] = self._opened.enter_context((self._folder / name).open("wb"))
            if name.endswith(".gz"):
                # No name and no time: the same corpus is the same bytes.
                raw = self._opened.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0))  # type: ignore[arg-type]
            self._files[name] = raw
        self._files[name].write(line.encode() + b"\n")

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self.write(name, json_line(content))


def json_line(content: Mapping[str, Any]) -> str:
    """One line of JSON, non-ASCII letters as they are."""
    return json.dumps(content, ensure_ascii=False, default=dict)
