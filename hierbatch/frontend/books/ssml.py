"""Speech markup in books: a subset of SSML 1.1, and the SSML attributes of EPUB 3 (`ssml:ph`).

`break` becomes a pause mark, `sub` and `say-as` replace their text, `phoneme` and `ssml:ph` give the pronunciation of
their words. `emphasis` and `lang` have no effect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAMESPACE = "{http://www.w3.org/2001/10/synthesis}"
_STRENGTHS_S = {"x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.5}
_TIME = re.compile(r"\s*(\d{1,5}(?:\.\d{0,3})?|\.\d{1,3})\s*(m?s)\s*", re.I)
_LONGEST_PAUSE_S = 60.0
_SPELLED = frozenset({"characters", "spell-out", "verbatim", "letters"})
_DIGIT_BY_DIGIT = frozenset({"digits", "telephone"})
_MAX_WORDS = 6
_ORDINAL_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """Pronunciation of a word or phrase as written in the book; `alphabet` is `ipa`, or `sampa` for X-SAMPA."""

    word: str
    phonemes: str
    alphabet: str


def pause_mark(attributes: Mapping[str, str]) -> str:
    """Pause mark for a `break`, by its `time` if that is valid, else by its `strength`; empty for no pause."""
    if match := _TIME.fullmatch(attributes.get("time", "")):
        pause_s = float(match[1]) / (1000 if match[2].lower() == "ms" else 1)
    else:
        pause_s = _STRENGTHS_S.get(attributes.get("strength", "").strip() or "medium", 0.0)
    pause_s = min(pause_s, _LONGEST_PAUSE_S)
    return f" [pause:{pause_s:g}] " if pause_s else ""


def replacement(name: str, attributes: Mapping[str, str], text: str) -> str | None:
    """Text to read instead of the text of a `sub` or `say-as`; None if the element is read as it is."""
    if name == "sub":
        return attributes.get("alias")
    if name != "say-as":
        return None
    kind = attributes.get("interpret-as", "").strip().casefold()
    if kind in _SPELLED:
        return " ".join(character for character in text if character.isalnum())
    if kind in _DIGIT_BY_DIGIT:
        return " ".join(re.findall(r"\d|[^\W\d_]+", text))
    if kind == "ordinal" and (digits := text.strip()).isascii() and digits.isdigit():
        n = int(digits[-2:])
        return digits + ("th" if 11 <= n <= 13 else _ORDINAL_ENDINGS.get(n % 10, "th"))
    return None


def pronunciation(
    name: str, attributes: Mapping[str, str], text: str, default_alphabet: str = "ipa"
) -> Pronunciation | None:
    """Pronunciation that an element gives its text; None without one, or for a text of more than six words.

    Args:
        name: local name of the element.
        attributes: attributes of the element.
        text: text of the element.
        default_alphabet: phonetic alphabet if the element does not name one.
    """
    prefix = "" if name == "phoneme" and "ph" in attributes else _NAMESPACE
    phonemes = attributes.get(f"{prefix}ph") or attributes.get("ssml:ph", "")
    alphabet = attributes.get(f"{prefix}alphabet") or attributes.get("ssml:alphabet") or default_alphabet
    words = text.split()
    if not phonemes.strip() or not 1 <= len(words) <= _MAX_WORDS:
        return None
    return Pronunciation(" ".join(words), " ".join(phonemes.split()), alphabet.casefold().removeprefix("x-"))
