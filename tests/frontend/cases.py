"""Tables of cases: a tab between what is given and what is expected."""

from __future__ import annotations

from pathlib import Path


def read_cases(name: str) -> list[tuple[str, str]]:
    """The rows of a table beside the front end's tests; lines that begin with # are headings."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [(given, expected) for given, expected in pairs]
