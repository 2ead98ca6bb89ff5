"""Pronunciation lexicons inside an EPUB (PLS 1.0)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from hierbatch.errors import BookError
from hierbatch.frontend.books.archive import Archive
from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.markup import local_name, parse_xml
from hierbatch.frontend.books.ssml import Pronunciation


def read_lexicons(archive: Archive, names: Sequence[str], remarks: list[str]) -> list[Pronunciation]:
    """Read the lexicons of a book; a damaged lexicon is left out with a remark.

    Args:
        archive: the book.
        names: paths of the lexicons in the archive.
        remarks: notices to the user, extended in place.
    """
    found: list[Pronunciation] = []
    for name in names:
        try:
            found += _entries(parse_xml(archive.read(name), name))
        except BookError as error:
            remarks.append(f"The pronunciation lexicon {name} is left out: {error.what}")
    return found


def _entries(root: etree._Element) -> Iterable[Pronunciation]:
    default = root.get("alphabet", "ipa").casefold().removeprefix("x-")
    for lexeme in root:
        if local_name(lexeme) != "lexeme":
            continue
        phonemes = next((child for child in lexeme if local_name(child) == "phoneme"), None)
        if phonemes is None:
            continue
        alphabet = phonemes.get("alphabet", default).casefold().removeprefix("x-")
        spoken = tidy("".join(phonemes.itertext()))
        for child in lexeme:
            if local_name(child) == "grapheme" and (word := tidy("".join(child.itertext()))) and spoken:
                yield Pronunciation(word, spoken, alphabet)
