"""`book.toml`: title, author, narrator and other details of a book; an import writes it, and users may edit it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.storage import write_atomically

BOOK_FILE = "book.toml"

_COMMENTS = {
    "narrator": "shown by players as narrator or composer",
    "series": "name of the series",
    "number": "number within the series",
    "year": "year of publication",
    "language": "language tag, such as en or ko",
    "cover": "JPEG or PNG, relative to this file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFile:
    """Details of a book; unknown details are empty."""

    title: str = ""
    author: str = ""
    narrator: str = ""
    series: str = ""
    number: str = ""
    year: str = ""
    publisher: str = ""
    language: str = ""
    isbn: str = ""
    description: str = ""
    cover: str = ""


def write_book_file(details: BookFile, path: Path) -> None:
    """Write the details as TOML, with comments that explain some fields; raises StorageError."""
    lines = ["# Details of the book, for the tags of the delivered files. Edit it freely: no import overwrites it."]
    for field in fields(details):
        comment = f"  # {_COMMENTS[field.name]}" if field.name in _COMMENTS else ""
        # JSON strings are TOML basic strings, apart from the DEL character.
        value = json.dumps(getattr(details, field.name), ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f"{field.name} = {value}{comment}")
    with write_atomically(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_book_file(path: Path) -> BookFile:
    """Read the details; numbers are accepted in place of texts.

    Raises:
        InputError: the file cannot be read, is not valid TOML, or has unknown names or values of other types.
    """
    try:
        page = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read", got=error.strerror or str(error), fix="check its permissions"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid TOML", got=str(error), fix="correct the file") from error
    known = [field.name for field in fields(BookFile)]
    wrong = [name for name, value in page.items() if name not in known or not isinstance(value, str | int | float)]
    if wrong:
        raise InputError(
            f"{path} has unknown names or invalid values",
            expected=", ".join(f'{name} = "..."' for name in known),
            got=", ".join(wrong),
            fix="correct or remove these lines",
        )
    return BookFile(**{name: str(value).strip() for name, value in page.items()})
