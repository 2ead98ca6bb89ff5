"""Parts of a book that are skipped by default and can be kept."""

from __future__ import annotations

from hierbatch.errors import InputError

KEEP_CHOICES = {
    "index": "index",
    "notes": "note",
    "contents": "table of contents",
    "bibliography": "bibliography",
    "imprint": "imprint",
    "title-page": "title page",
    "license": "license text",
    "tables": "table",
    "figures": "figure",
    "code": "code",
}
"""Names of the parts that can be kept, each with the reason for skipping it."""


def reasons_to_keep(names: str) -> frozenset[str]:
    """Convert a list of parts to keep, such as `index,notes`, to the reasons for skipping them.

    Raises:
        InputError: a name is unknown.
    """
    chosen = [name.strip().casefold() for name in names.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in KEEP_CHOICES]
    if unknown:
        raise InputError(
            "There is no such part of a book to keep",
            expected=", ".join(KEEP_CHOICES),
            got=", ".join(unknown),
            fix="correct --keep",
        )
    return frozenset(KEEP_CHOICES[name] for name in chosen)
