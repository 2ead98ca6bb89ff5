"""Markup inside plain text: HTML tags and entities are removed, speech markup takes effect."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from hierbatch.frontend.books.ssml import Pronunciation, pause_mark, pronunciation, replacement

_NAMES = (
    "a abbr b big blockquote body br center cite code dd del div dl dt em font h1 h2 h3 h4 h5 h6 head hr html i img "
    "ins li ol p pre q s small span strike strong sub sup table tbody td th title tr tt u ul "
    "break emphasis lang phoneme prosody say-as speak voice"
)
_TAG_NAME = "|".join(_NAMES.split())
_TAG = re.compile(rf"<(?P<close>/?)(?P<name>{_TAG_NAME})(?P<attributes>(?:\s[^<>]{{0,400}})?)/?>", re.I)
_SPOKEN = re.compile(r"<(?P<name>sub|say-as|phoneme)\s(?P<attributes>[^<>]{1,400})>(?P<text>[^<>]{0,400})</(?P=name)>")
_ATTRIBUTE = re.compile(r"""([A-Za-z][\w:-]{0,30})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')""")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\dA-Fa-f]{1,6}|[A-Za-z][A-Za-z\d]{1,30});")
_LINE_NAMES = frozenset(
    ["br", "hr", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "dd", "dt"]
)
_PAGE = re.compile(r"<(?:html|body)[\s>]", re.I)
_PARAGRAPH_END = re.compile(r"</p>", re.I)
_N_OPENING_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class PlainText:
    """Text without markup, the pronunciations that the markup contained, and the number of emphasized passages."""

    text: str
    pronunciations: tuple[Pronunciation, ...]
    n_emphases: int


def is_html(text: str) -> bool:
    """True for text that is a page of HTML, whatever the file name."""
    opening = text[:_N_OPENING_CHARACTERS]
    return bool(_PAGE.search(opening)) or len(_PARAGRAPH_END.findall(opening)) > 1


def without_markup(text: str) -> PlainText:
    """Remove the markup of a text; a tag that would end a line in HTML becomes a line break."""
    if "<" not in text and "&" not in text:
        return PlainText(text, (), 0)
    found: list[Pronunciation] = []
    n_emphases = 0

    def spoken(match: re.Match[str]) -> str:
        attributes = _attributes(match["attributes"])
        said = pronunciation(match["name"], attributes, match["text"])
        found.extend([said] if said else [])
        replaced = replacement(match["name"], attributes, match["text"])
        return match["text"] if replaced is None else replaced

    def dropped(match: re.Match[str]) -> str:
        nonlocal n_emphases
        name = match["name"].casefold()
        if name == "break":
            return pause_mark(_attributes(match["attributes"]))
        n_emphases += name == "emphasis" and not match["close"]
        is_line_end = name in _LINE_NAMES and match.string[match.end() : match.end() + 1] not in ("\n", "\r", "")
        return "\n" if is_line_end else ""

    text = _TAG.sub(dropped, _SPOKEN.sub(spoken, text))
    return PlainText(_ENTITY.sub(lambda match: html.unescape(match[0]), text), tuple(found), n_emphases)


def _attributes(written: str) -> dict[str, str]:
    return {name: html.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(written)}
