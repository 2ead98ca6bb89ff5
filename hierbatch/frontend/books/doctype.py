"""Entities in an internal document type subset: single characters are read, those that could expand are refused."""

from __future__ import annotations

import html
import re

from hierbatch.errors import BookError

_PART = re.compile(
    r"""\s++|<!--.*?-->|<!ENTITY\s+(?P<name>[A-Za-z_][\w.-]{0,60})\s+(?P<quoted>"[^"]{0,60}"|'[^']{0,60}')\s*>|"""
    r"""<!(?:ATTLIST|ELEMENT|NOTATION)\b(?:[^>"']++|"[^"]*+"|'[^']*+')*+>|(?P<end>\]\s*>)""",
    re.DOTALL,
)
_CHARACTER = re.compile(r"[^&%<]|&#\d{1,7};|&#[xX][\dA-Fa-f]{1,6};|&(?:amp|lt|gt|quot|apos);")


def read_entities(text: str, position: int, name: str) -> tuple[dict[str, str], int]:
    """Read the entities of an internal subset, and find the end of the document type.

    Args:
        text: content of the file.
        position: index after the opening bracket of the subset.
        name: name of the file, used in messages.

    Returns:
        The character of each entity by name, and the index after the document type.

    Raises:
        BookError: the subset is malformed, or an entity is longer than one character, refers to another entity, or
            is in another file.
    """
    entities: dict[str, str] = {}
    while part := _PART.match(text, position):
        position = part.end()
        if part["end"]:
            return entities, position
        if part["name"]:
            value = part["quoted"][1:-1]
            if not _CHARACTER.fullmatch(value):
                break
            entities.setdefault(part["name"], html.unescape(value))
    raise BookError(
        f"{name} declares its own document type or entities",
        expected="a DOCTYPE whose entities are single characters, or none",
        got="an internal subset, which can be used for attacks",
        fix="obtain the book from another source",
    )
