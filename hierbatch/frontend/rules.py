"""Normalization rules, and a function that applies them in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hierbatch.frontend.required_characters import Needs, TextFacts, find_needs

Verbalizer = Callable[["re.Match[str]"], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Normalization rule for one written form; `replacement` is a template for `Match.expand` or a function."""

    name: str
    pattern: re.Pattern[str]
    replacement: Verbalizer | str
    needs: Needs
    """Requirements of the pattern on a text."""


def rule(name: str, pattern: str, replacement: Verbalizer | str, *, ignore_case: bool = False) -> Rule:
    """Compile a rule.

    Args:
        name: description of the written form.
        pattern: regular expression.
        replacement: template for `Match.expand`, or function of the match.
        ignore_case: match letters of either case.
    """
    compiled = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    return Rule(name, compiled, replacement, find_needs(compiled))


def apply_rules(rules: Iterable[Rule], text: str) -> str:
    """Apply rules in order, each to the result of those before it."""
    facts = TextFacts(text)
    characters = facts.characters
    for current in rules:
        for needed in current.needs.characters:  # as in `TextFacts.may_match`, without a call for each rule
            if needed.isdisjoint(characters):
                break
        else:
            if facts.has_word(current.needs):
                changed = current.pattern.sub(current.replacement, text)
                if changed != text:
                    text, facts = changed, TextFacts(changed)
                    characters = facts.characters
    return text


def one_of(words: Iterable[str]) -> str:
    """Pattern that matches any of the words, the longest first, so that `kilometers` is not matched as `kilo`."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
