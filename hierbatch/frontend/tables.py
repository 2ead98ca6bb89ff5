"""Readers for the word lists in the `tables` folder of each language, by a name such as `english/acronyms.txt`."""

from __future__ import annotations

import functools
from importlib.resources import files


@functools.cache
def read_lines(name: str) -> tuple[str, ...]:
    """Read the lines of a table, without comments and blank lines."""
    folder, file = name.split("/")
    text = (files("hierbatch.frontend") / folder / "tables" / file).read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line.strip() and not line.startswith("#"))


@functools.cache
def read_words(name: str) -> frozenset[str]:
    """Read the set of all words in a table, with any number of words per line."""
    return frozenset(word for line in read_lines(name) for word in line.split())
