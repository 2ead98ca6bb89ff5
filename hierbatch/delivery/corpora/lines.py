"""Text files with one line per utterance, several open at once (one per split)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self


class LineFiles:
    """Text files in a folder, each opened at its first write; those whose names end in `.gz` are compressed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def write(self, name: str, line: str) -> None:
        """Append a line to the file with the given name; raises OSError."""
        if name not in self._files:
            raw: IO[bytes] = self._opened.enter_context((self._folder / name).open("wb"))
            if name.endswith(".gz"):
                # Neither name nor time in the header, so that equal corpora give equal bytes.
                raw = self._opened.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0))  # type: ignore[arg-type]
            self._files[name] = raw
        self._files[name].write(line.encode() + b"\n")

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Append content as one line of JSON to the file with the given name; raises OSError."""
        self.write(name, json_line(content))


def json_line(content: Mapping[str, Any]) -> str:
    """Encode content as one line of JSON, without escaping non-ASCII letters."""
    return json.dumps(content, ensure_ascii=False, default=dict)
