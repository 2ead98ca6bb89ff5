"""What a normalization rule is, and how an ordered table of them is applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Say = Callable[["re.Match[str]"], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One way of writing and how it is said; `say` is a template for `Match.expand` or a function of the match."""

    name: str
    pattern: re.Pattern[str]
    say: Say | str


def rule(name: str, pattern: str, say: Say | str, *, ignore_case: bool = False) -> Rule:
    """A rule from a pattern's text."""
    return Rule(name, re.compile(pattern, re.IGNORECASE if ignore_case else 0), say)


def apply_rules(rules: Iterable[Rule], text: str) -> str:
    """The text after every rule in order; a rule sees what the ones before it made."""
    for each in rules:
        text = each.pattern.sub(each.say, text)
    return text


def one_of(words: Iterable[str]) -> str:
    """A pattern of alternatives, longest first, so that `kilometers` is not taken for `kilo`."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
