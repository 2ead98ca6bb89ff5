"""Ruby glosses (small text beside characters), read instead of their base if only the gloss can be pronounced."""

from __future__ import annotations

import unicodedata

from lxml import etree

from hierbatch.frontend.books.markup import local_name

_SPOKEN = ("LATIN", "HANGUL", "DIGIT")


def is_reading(ruby: etree._Element) -> bool:
    """True if the gloss of a `ruby` has only Latin letters or Hangul, and its base has letters of other scripts."""
    glosses = [gloss for gloss in ruby.iter(etree.Element) if local_name(gloss) == "rt"]
    gloss = "".join("".join(element.itertext()) for element in glosses)
    whole = "".join(ruby.itertext())
    n_foreign = sum(not _is_spoken(character) for character in whole if character.isalpha())
    return bool(gloss.strip()) and n_foreign > 0 and all(_is_spoken(letter) for letter in gloss if letter.isalpha())


def _is_spoken(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_SPOKEN)
