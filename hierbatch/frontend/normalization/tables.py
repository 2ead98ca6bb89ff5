"""Word lists that stand beside the code in `hierbatch/frontend/tables`."""

from __future__ import annotations

import functools
from importlib.resources import files


@functools.cache
def read_lines(name: str) -> tuple[str, ...]:
    """Lines of a table, without comments and blank ones."""
    text = (files("hierbatch.frontend") / "tables" / name).read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line.strip() and not line.startswith("#"))


@functools.cache
def read_words(name: str) -> frozenset[str]:
    """The words of a table, whatever the line they stand on."""
    return frozenset(word for line in read_lines(name) for word in line.split())
