"""Description of a voice in words, as attributes in standard deviations of ordinary speakers.

    "a calm low male voice, slow, little emphasis"  ->  pitch -1, femininity -1, pace -1, liveliness -0.9, effort -0.5

The words are in two tables. A word asks for attributes, a degree before the word ("very") is a factor, a negation
reverses the word weakly ("not deep" is less than "high"), and a noun takes the quantity beside it ("little emphasis").
Korean words match by their stems, since endings follow the stems.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.frontend.tables import read_lines
from hierbatch.names import nfc

LIMIT = 2.0
"""Largest absolute value of an attribute, in standard deviations."""
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_CLAUSE = re.compile(r"[,;.:/!?\n]+")
_HANGUL = re.compile(r"[가-힣]")
_MAX_PHRASE_WORDS = 3
_AFTER_VERB = "않"
"""Korean negation that follows its verb, whose stem then ends in -ji."""


@dataclass(frozen=True, slots=True)
class VoiceDescription:
    """Values of the attributes that a description asks for, and the words of the description that are in no table."""

    attributes: dict[str, float]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    effects: tuple[tuple[str, float], ...] = ()
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class _Item:
    """A word or phrase of a clause, with all its entries by kind."""

    text: str
    entries: dict[str, _Entry]

    def has(self, kind: str) -> bool:
        return kind in self.entries


def parse_description(text: str) -> VoiceDescription:
    """Parse a description in English, Korean or both."""
    asked: defaultdict[str, list[float]] = defaultdict(list)
    unknown: list[str] = []
    text = nfc(text).lower().replace("-", " ")
    for phrase in _korean_phrases():
        text = text.replace(phrase, " ")
    for clause in _CLAUSE.split(text):
        items = _items(_TOKEN.findall(clause.replace("’", "'")))
        unknown += [item.text for item in items if not item.entries]
        for attribute, value in _clause_effects([item for item in items if item.entries]):
            asked[attribute].append(value)
    means = {name: sum(values) / len(values) for name, values in asked.items()}
    return VoiceDescription(
        {name: max(-LIMIT, min(LIMIT, value)) for name, value in means.items()}, tuple(dict.fromkeys(unknown))
    )


def _clause_effects(items: Sequence[_Item]) -> list[tuple[str, float]]:
    effects: list[tuple[str, float]] = []
    used: set[int] = set()
    for at, item in enumerate(items):
        if item.has("noun"):
            beside = _quantity_beside(items, at, used)
            factor = 1.0
            if beside is not None:
                used.add(beside)
                factor = items[beside].entries["quantity"].factor * _factor(items, beside)
            effects += [(name, factor * value) for name, value in item.entries["noun"].effects]
    for at, item in enumerate(items):
        if item.has("word") and not item.has("noun") and at not in used:
            factor = _factor(items, at)
            effects += [(name, factor * value) for name, value in item.entries["word"].effects]
    return effects


def _quantity_beside(items: Sequence[_Item], noun: int, used: set[int]) -> int | None:
    """Index of the quantity before an English noun or after a Korean one, else on the other side; None without one."""
    before = next((at for at in range(noun - 1, -1, -1) if not _is_between(items[at])), None)
    after = next((at for at in range(noun + 1, len(items)) if not _is_between(items[at])), None)
    sides = (after, before) if _HANGUL.search(items[noun].text) else (before, after)
    return next((at for at in sides if at is not None and at not in used and items[at].has("quantity")), None)


def _is_between(item: _Item) -> bool:
    return not (item.has("quantity") or item.has("noun") or item.has("word"))


def _factor(items: Sequence[_Item], at: int) -> float:
    """Product of the degrees before a word, or the factor of its negation: "not very deep" is not the opposite."""
    factor = 1.0
    for number in range(at - 1, -1, -1):
        found = items[number].entries
        if "negation" in found and not items[number].text.startswith(_AFTER_VERB):
            return found["negation"].factor
        if "degree" not in found:
            break
        factor *= found["degree"].factor
    is_negated = items[at].text.endswith("지") and at + 1 < len(items) and items[at + 1].has("negation")
    return items[at + 1].entries["negation"].factor if is_negated else factor


def _items(words: Sequence[str]) -> list[_Item]:
    """Items of a clause; English words that form a phrase of the table are one item, the longest phrase first."""
    phrases, items, at = _english(), [], 0
    while at < len(words):
        if _HANGUL.search(words[at]):
            items.append(_Item(words[at], _korean_entries(words[at])))
            at += 1
            continue
        for length in range(min(_MAX_PHRASE_WORDS, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            if phrase in phrases or length == 1:
                items.append(_Item(phrase, phrases.get(phrase, {})))
                at += length
                break
    return items


def _korean_entries(word: str) -> dict[str, _Entry]:
    """Entries, by kind, of the longest stem with which the word begins."""
    found: dict[str, tuple[int, _Entry]] = {}
    for stem, entries in _korean().items():
        if word.startswith(stem):
            for kind, entry in entries.items():
                if len(stem) > found.get(kind, (0, entry))[0]:
                    found[kind] = (len(stem), entry)
    longest = max((length for length, _ in found.values()), default=0)
    return {kind: entry for kind, (length, entry) in found.items() if length == longest}


@functools.cache
def _english() -> dict[str, dict[str, _Entry]]:
    return _read_table("english.tsv")


@functools.cache
def _korean() -> dict[str, dict[str, _Entry]]:
    return _read_table("korean.tsv")


@functools.cache
def _korean_phrases() -> tuple[str, ...]:
    """Korean phrases of several words, such as "조용한 방" (quiet room), whose words do not describe the voice."""
    return tuple(phrase for phrase in _korean() if " " in phrase)


def _read_table(name: str) -> dict[str, dict[str, _Entry]]:
    """Entries by phrase and kind; in the file, the words of a phrase are joined by underscores."""
    table: dict[str, dict[str, _Entry]] = {}
    for line in read_lines(f"descriptions/{name}"):
        kind, words, *rest = line.split("\t")
        entry = _read_entry(kind, rest[0] if rest else "")
        for word in words.split():
            kinds = table.setdefault(word.replace("_", " "), {})
            before = kinds.get(kind)
            kinds[kind] = _Entry(kind, (*(before.effects if before else ()), *entry.effects), entry.factor)
    return table


def _read_entry(kind: str, effect: str) -> _Entry:
    if kind == "word":
        pairs = (part.split("=") for part in effect.split())
        return _Entry(kind, tuple((name, float(value)) for name, value in pairs))
    if kind == "noun":
        return _Entry(kind, ((effect, 1.0),))
    return _Entry(kind, factor=float(effect) if effect else 1.0)
