"""Clean-up of characters: one form of each quote, dash and width; no invisible characters, no unsupported scripts."""

from __future__ import annotations

import re
import unicodedata

from hierbatch.errors import TextError
from hierbatch.frontend.required_characters import TextFacts, find_needs

PLACEHOLDERS = "\ue000-\uf8ff"
"""Range of private-use characters for a regular-expression class; the lexicon replaces its words with them."""

SUPER_AND_SUBSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"
"""Superscript and subscript digits for a regular-expression class: exponents in some rules, else note marks."""

# Compatibility forms that differ only in appearance. Superscripts and fractions are not among them, since they have a
# meaning of their own ("m²", "4½").
_COMPATIBILITY = re.compile(
    "[\u1d00-\u1dbf\u2000-\u200a\u202f\u205f\u3000\u2100-\u214f\u2160-\u2188\u3200-\u33ff\uf900-\ufaff\ufb00-\ufb06\uff01-\uffef]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_UNFAMILIAR = re.compile("[^\x00-\u024f\ue000-\uf8ff\uac00-\ud7a3]")
"""Characters that may be letters of unsupported scripts, or Chinese ones."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
# ① ⑵ ⒊ ⓐ number the items of a list and are followed by a pause.
_CIRCLED = re.compile("[\u2460-\u24e9]")
_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
_CANONICAL_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼʹ′`´", "'"),
        **dict.fromkeys("“”„‟″«»「」『』《》〈〉〝〞", '"'),
        **dict.fromkeys("‐‑⁃", "-"),
        **dict.fromkeys("–‒", "–"),
        **dict.fromkeys("—―⸺⸻─━", "—"),
        **dict.fromkeys("∼〜～˜", "~"),
        **dict.fromkeys("•‣▪●■◆※†‡★☆♪♫|\\", " "),
        **dict.fromkeys("・‧ㆍ•∙", "·"),
        **dict.fromkeys("{［〔【", "["),
        **dict.fromkeys("}］〕】", "]"),
        "−": "-",
        "。": ".",
        "、": ",",
        "⁄": "/",
        "∶": ":",
    }
)
_SPACES = re.compile(r"\s+")
_CLEAN = re.compile(r"(?:[A-Za-z0-9,.?!;:'\"()$%&/+=@#-]+ )*+[A-Za-z0-9,.?!;:'\"()$%&/+=@#-]+")
"""Text of plain words with single spaces, in which only repeated marks are changed."""
_REPEATED_MARKS = tuple(
    (re.compile(pattern), replacement, find_needs(re.compile(pattern)))
    for pattern, replacement in (
        (r"(?<![-\d])--+(?!-*\d)", "—"),
        (r"(?:\. ?){3,}|…(?:\s?…)*", "… "),
        (r"(?<!\d)\*{1,3}|\*{1,3}(?!\d)", ""),
        (r"(?<![^\W_])_+|_+(?![^\W_])", ""),
    )
)
_LETTER_SCRIPTS = frozenset(
    {"LATIN", "HANGUL", "GREEK", "FEMININE", "MASCULINE", "SUPERSCRIPT", "SUBSCRIPT", "MODIFIER"}
)
_MAX_FIGURES = 300
_LONG_NUMBER = re.compile(rf"(?<!\d)(?:\d[,.]?+){{{_MAX_FIGURES}}}")


def clean_characters(text: str) -> str:
    r"""Unify quotes, dashes, widths and spaces; remove Markdown emphasis and control characters.

    >>> clean_characters("“ﬁne”\u00a0— it’s _very_ ＡＢＣ...")
    '"fine" — it\'s very ABC…'
    """
    if _CLEAN.fullmatch(text) and ".." not in text and "--" not in text and ". ." not in text:
        return text
    text = unicodedata.normalize("NFC", text)
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    text = _SPACES.sub(" ", text.translate(_CANONICAL_CHARACTERS))
    if not text.isascii():
        text = _CIRCLED.sub(lambda match: f"{unicodedata.normalize('NFKC', match[0]).strip('().')}, ", text)
        text = _COMPATIBILITY.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    facts = TextFacts(text)
    for pattern, replacement, needs in _REPEATED_MARKS:
        if facts.may_match(needs):
            text = pattern.sub(replacement, text)
            facts = TextFacts(text)
    return _SPACES.sub(" ", _CONTROL.sub("", text)).strip()


def drop_placeholders(text: str) -> str:
    """Remove the text's own private-use characters, which would be mistaken for placeholders of the lexicon."""
    return _PLACEHOLDER.sub("", text)


def drop_foreign_letters(text: str, *, hanja: bool) -> str:
    """Remove the letters of unsupported scripts.

    Latin and Hangul are read in both languages and Hanja in Korean alone; Greek letters are read as symbols.

    Args:
        text: text of one sentence.
        hanja: True to keep Hanja.
    """
    if _UNFAMILIAR.search(text) is None:
        return text
    return "".join(char for char in text if not char.isalpha() or is_known_letter(char, hanja))


def refuse_long_numbers(text: str) -> None:
    """Check that no number in a text has 300 digits or more; the rules would take too long on it.

    Raises:
        TextError: a number has too many digits; the message shows its beginning.
    """
    if match := _LONG_NUMBER.search(text):
        raise TextError(
            "The text contains a number that is too long to be read aloud",
            expected=f"fewer than {_MAX_FIGURES} figures in a row",
            got=f"{match[0][:40]}...",
            fix="shorten the number, or remove the row",
        )


def is_hanja(char: str) -> bool:
    """True for a Chinese character."""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\uf900" <= char <= "\ufaff"


def is_known_letter(char: str, hanja: bool) -> bool:
    """True for a letter that can be read: Latin, Hangul, a Greek symbol or, with `hanja`, a Chinese character."""
    if char < "\u0250" or "\ue000" <= char <= "\uf8ff":
        return True
    if is_hanja(char):
        return hanja
    return unicodedata.name(char, "").split(" ")[0] in _LETTER_SCRIPTS
