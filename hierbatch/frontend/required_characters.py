r"""Characters and words without which a regular expression cannot match: most rules need not be tried on most texts.

A text that `No\.\s?(?=\d)` matches has the word `No.` and a digit. Looking for them takes a fraction of the time of
a search.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_parser: Any = importlib.import_module("re._parser")

DIGIT = "\\d"
"""Member of a set of characters that represents all decimal digits."""

_MAX_RANGE = 256
_OTHER_CASES = {"i": "\u0130\u0131", "s": "\u017f", "k": "\u212a"}
"""Characters besides the two cases that match an ASCII letter if case is ignored."""
_UNUSUAL_CASES = frozenset("".join(_OTHER_CASES.values()))

Parsed = Sequence[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Needs:
    """Requirements of a pattern on a text that it matches."""

    characters: tuple[frozenset[str], ...] = ()
    """Sets of characters, from each of which the text has at least one."""
    words: tuple[str, ...] = ()
    """Strings of which the text contains at least one; none if nothing is known."""
    ignore_case: bool = False
    """True if the words are in lower case and must be searched for in the text in lower case."""


class TextFacts:
    """Characters and words of a text, for comparison with the needs of many patterns."""

    __slots__ = ("characters", "lower", "text")

    def __init__(self, text: str) -> None:
        self.text, self.lower = text, text.lower()
        self.characters = set(text)
        if any(map(str.isdecimal, self.characters)):
            self.characters.add(DIGIT)

    def may_match(self, needs: Needs) -> bool:
        """False if a pattern with these needs cannot match the text."""
        return not any(needed.isdisjoint(self.characters) for needed in needs.characters) and self.has_word(needs)

    def has_word(self, needs: Needs) -> bool:
        """False if the text has none of the words of a pattern."""
        if not needs.words:
            return True
        text = self.lower if needs.ignore_case else self.text
        for word in needs.words:
            if word in text:
                return True
        return needs.ignore_case and not _UNUSUAL_CASES.isdisjoint(self.characters)


def find_needs(pattern: re.Pattern[str]) -> Needs:
    """Requirements of a pattern, from its syntax; the content of positive lookarounds is required too."""
    parsed = list(_parser.parse(pattern.pattern, pattern.flags))
    ignore_case = bool(pattern.flags & re.IGNORECASE)
    characters = tuple(sorted(set(_sets(parsed, ignore_case)), key=_rareness))
    for is_lower in (False, True):
        words = _best_words(parsed, ignore_case, is_lower)
        if words and min(map(len, words)) > 1:
            return Needs(characters, tuple(sorted(words)), is_lower)
    return Needs(characters)


def _sets(parsed: Iterable[tuple[Any, Any]], ignore_case: bool) -> list[frozenset[str]]:
    return [needed for operation, argument in parsed for needed in _of_item(str(operation), argument, ignore_case)]


def _of_item(name: str, argument: Any, ignore_case: bool) -> Sequence[frozenset[str]]:
    """Sets of characters that one item of a pattern requires; none if the item is optional or not understood."""
    if name == "LITERAL":
        cases = _cases(chr(argument), ignore_case)
        return [cases] if cases else []
    if name == "IN":
        members = _of_class(argument, ignore_case)
        return [members] if members else []
    if name == "BRANCH":
        return _of_branches([_sets(branch, ignore_case) for branch in argument[1]])
    inner = _inner(name, argument, ignore_case)
    return _sets(*inner) if inner else []


def _inner(name: str, argument: Any, ignore_case: bool) -> tuple[Parsed, bool] | None:
    """Pattern inside an item that requires it, and whether case is ignored there; None for other items."""
    if name == "SUBPATTERN":
        _, added, removed, inner = argument
        return list(inner), (ignore_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return (list(argument[2]), ignore_case) if argument[0] else None
    if name == "ATOMIC_GROUP":
        return list(argument), ignore_case
    return (list(argument[1]), ignore_case) if name == "ASSERT" else None


def _of_branches(branches: Sequence[Sequence[frozenset[str]]]) -> list[frozenset[str]]:
    """Sets common to all alternatives, or else the union of one set from each; empty if one requires nothing."""
    if not all(branches):
        return []
    shared = set(branches[0]).intersection(*branches[1:])
    return list(shared) or [frozenset().union(*(min(branch, key=_rareness) for branch in branches))]


def _of_class(members: Iterable[tuple[Any, Any]], ignore_case: bool) -> frozenset[str]:
    """Characters of a class; empty if it is negated, too large, or not understood."""
    found: set[str] = set()
    for operation, argument in members:
        name = str(operation)
        if name == "LITERAL":
            characters = [chr(argument)]
        elif name == "RANGE" and argument[1] - argument[0] < _MAX_RANGE:
            characters = [chr(code) for code in range(argument[0], argument[1] + 1)]
        elif name == "CATEGORY" and str(argument) == "CATEGORY_DIGIT":
            found.add(DIGIT)
            continue
        else:
            return frozenset()
        for character in characters:
            cases = _cases(character, ignore_case)
            if not cases:
                return frozenset()
            found |= cases
    return frozenset(found)


def _cases(character: str, ignore_case: bool) -> frozenset[str]:
    """Characters that match a literal; empty if that is not known."""
    if not ignore_case:
        return frozenset(character)
    if not character.isascii():
        return frozenset() if character.lower() != character.upper() else frozenset(character)
    lower = character.lower()
    return frozenset((lower, character.upper(), *_OTHER_CASES.get(lower, "")))


def _rareness(needed: frozenset[str]) -> tuple[int, int, list[str]]:
    """Sort key: sets without common letters and spaces first, then small ones."""
    common = sum(character.islower() or character == " " for character in needed)
    return common, len(needed), sorted(needed)


def _best_words(parsed: Parsed, ignore_case: bool, is_lower: bool) -> frozenset[str]:
    """Set of strings of which each match contains at least one, as long as possible; empty if no such set is found.

    Args:
        parsed: the parsed pattern.
        ignore_case: True if the pattern ignores case.
        is_lower: True to find lower-case strings in parts that ignore case, False to find strings in other parts.
    """
    best: frozenset[str] = frozenset()
    for at, (operation, argument) in enumerate(parsed):
        found = _leading(parsed[at:], ignore_case, is_lower)
        if str(operation) == "BRANCH":
            branches = [_best_words(list(branch), ignore_case, is_lower) for branch in argument[1]]
            found = max(found, frozenset().union(*branches) if all(branches) else frozenset(), key=_worth)
        elif inner := _inner(str(operation), argument, ignore_case):
            found = max(found, _best_words(*inner, is_lower), key=_worth)
        best = max(best, found, key=_worth)
    return best


def _worth(words: frozenset[str]) -> tuple[int, int]:
    return min(map(len, words), default=0), -len(words)


def _leading(parsed: Parsed, ignore_case: bool, is_lower: bool) -> frozenset[str]:
    """Set of strings with one of which each match begins; empty if no such set is found."""
    begun = ""
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL" and (is_lower == ignore_case or not chr(argument).isalpha()):
            character = chr(argument)
            if ignore_case and not character.isascii():
                break
            begun += character.lower() if is_lower else character
            continue
        if name == "BRANCH":
            following = [_leading(list(branch), ignore_case, is_lower) for branch in argument[1]]
            if all(following):
                return frozenset(begun + word for words in following for word in words)
        elif name in ("SUBPATTERN", "ATOMIC_GROUP") and (inner := _inner(name, argument, ignore_case)):
            if words := _leading(*inner, is_lower):
                return frozenset(begun + word for word in words)
        break
    return frozenset((begun,)) if begun else frozenset()
