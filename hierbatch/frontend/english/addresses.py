"""Rules for web and e-mail addresses in English, which are read with the names of their punctuation marks."""

from __future__ import annotations

import re

from hierbatch.frontend.english.letters import is_unpronounceable, say_letters
from hierbatch.frontend.english.numbers import say_digits
from hierbatch.frontend.rules import Rule, rule

_MARKS = {
    ".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", ":": "colon", "?": "question mark",
    "=": "equals", "&": "and", "%": "percent", "#": "hash", "~": "tilde", "+": "plus",
}  # fmt: skip
_TOP_LEVELS = "com|org|net|edu|gov|mil|int|info|biz|io|ai|co|uk|us|ca|de|fr|jp|kr|eu|tv|me"
_FILE_TYPES = (
    "txt|pdf|docx?|xlsx?|pptx?|html?|xml|json|csv|tsv|exe|dll|jpe?g|png|gif|svg|mp3|mp4|wav|flac|zip|tar|gz|py|js|cpp|"
    "epub|mobi|md|bat|sh|ini|cfg|log"
)
_SPELLED = frozenset({"edu", "uk", "us", "io", "ai", "jp", "eu", "de", "tv", "kr", "ca"})
_TOKEN = re.compile(r"[A-Za-z]+|\d+|[^\sA-Za-z\d]")
_REST = r"[^\s\"'<>()\[\]]*[^\s\"'<>()\[\].,;:!?]"


def _say_address(match: re.Match[str]) -> str:
    written = re.sub(r"^(?:https?|ftp)://", "", match["address"]).rstrip("/")
    return " ".join(filter(None, (_say_token(token) for token in _TOKEN.findall(written))))


def _say_token(token: str) -> str:
    if token.isdecimal():
        return say_digits(token)
    if not token.isalpha():
        return _MARKS.get(token, "")
    if len(token) == 1:
        return token.upper()
    return say_letters(token) if token.lower() in _SPELLED or is_unpronounceable(token) else token.lower()


ADDRESS_RULES: tuple[Rule, ...] = (
    rule("mail address", r"(?<![\w.+-])(?P<address>[\w.+-]++@[\w-]+(?:\.[\w-]+)+)", _say_address),
    rule(
        "web address",
        rf"(?P<address>\b(?:https?://|ftp://|www\.){_REST}|"
        rf"(?<![\w.@])[A-Za-z][\w-]*(?:\.[\w-]+)*\.(?:{_TOP_LEVELS})\b(?!\.?\w)(?:[/?#]{_REST})?)",
        _say_address,
    ),
    rule(
        "file name",
        rf"(?<![\w.@/-])(?P<address>\w[\w-]*(?:\.[\w-]+)*\.(?:{_FILE_TYPES}))(?![\w-])",
        _say_address,
    ),
)
