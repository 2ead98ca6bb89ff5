"""Characters of a book, and their mentions in narration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Gender = Literal["m", "f", ""]


@dataclass(frozen=True, slots=True)
class Character:
    """Person of a book: most frequent name, all names that refer to the person, gender if known, number of mentions."""

    name: str
    aliases: tuple[str, ...]
    gender: Gender
    n_mentions: int


@dataclass(frozen=True, slots=True)
class Mention:
    """Reference to a person in a paragraph.

    `character` is an index into the list of characters, or None for a pronoun, which `gender` narrows down.
    """

    start: int
    end: int
    character: int | None
    gender: Gender = ""
    is_first_person: bool = False
    title: str = ""
    """Title of a wife, husband, mother or father mentioned with a possessive pronoun: `Mrs.` for `his wife`."""
    owner: Gender = ""
    """Gender of the person whose relative is mentioned, if the pronoun shows it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Hints on the speaker of one quotation, from the text around it.

    `explicit` is the person whom a verb of speech marks as the speaker; the other hints are weaker.
    """

    explicit: Mention | None = None
    mentioned: Sequence[Mention] = ()
    """Persons in the narration of the same paragraph, nearest first."""
    previous: Mention | None = None
    """Person mentioned last in the paragraph before, if that is narration."""
    addressed: frozenset[int] = frozenset()
    """Characters spoken to by name inside the quotation."""
    spoken_of: frozenset[int] = frozenset()
    """Characters mentioned by name inside the quotation."""
    excluded: frozenset[int] = frozenset()
    """Characters that narration excludes: those whom the speaker acts on, or whose clause ends before the speech."""
    level: str = ""
    """Level of politeness of the speech, if the language marks it; most speakers keep to one level."""
