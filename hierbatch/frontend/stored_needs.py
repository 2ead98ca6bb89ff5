"""Needs of the packaged rules, stored by `tools/rule_needs.py`: finding them takes longer than reading many texts."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from hierbatch.frontend.required_characters import Needs, find_needs

FILE_NAME = "rule_needs.json"


def stored_needs(expression: str, flags: int) -> Needs:
    """Needs of a regular expression, from the stored table, or found if it is not there.

    Args:
        expression: the expression.
        flags: flags of its compilation.
    """
    stored = _table().get(needs_key(expression, flags))
    if stored is None:
        return find_needs(re.compile(expression, flags))
    characters, words, ignore_case = stored
    return Needs(tuple(map(frozenset, characters)), tuple(words), ignore_case)


def needs_key(expression: str, flags: int) -> str:
    """Key of an expression in the stored table."""
    return hashlib.blake2b(f"{flags} {expression}".encode(), digest_size=8).hexdigest()


def to_stored(needs: Needs) -> list[Any]:
    """Form of needs in the stored table."""
    return [[sorted(needed) for needed in needs.characters], list(needs.words), needs.ignore_case]


@functools.cache
def _table() -> Mapping[str, Any]:
    stored: dict[str, Any] = json.loads((files("hierbatch.frontend") / FILE_NAME).read_text(encoding="utf-8"))
    return stored
