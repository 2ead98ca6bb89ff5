"""Normalization rules, and a table that applies them in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property

from hierbatch.frontend.required_characters import Needs, TextFacts
from hierbatch.frontend.stored_needs import stored_needs

Verbalizer = Callable[["re.Match[str]"], str]

_MAX_KINDS = 4096
"""Number of sets of figures and marks whose possible rules are remembered."""


@dataclass(frozen=True)
class Rule:
    """Normalization rule for one written form; `replacement` is a template for `Match.expand` or a function.

    The expression is compiled when a text may contain the form: most forms occur in few texts.
    """

    name: str
    expression: str
    flags: int
    replacement: Verbalizer | str
    needs: Needs
    """Requirements of the pattern on a text."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled expression."""
        return re.compile(self.expression, self.flags)


def rule(name: str, pattern: str, replacement: Verbalizer | str, *, ignore_case: bool = False) -> Rule:
    """Create a rule.

    Args:
        name: description of the written form.
        pattern: regular expression.
        replacement: template for `Match.expand`, or function of the match.
        ignore_case: match letters of either case.
    """
    flags = int(re.IGNORECASE) if ignore_case else 0
    return Rule(name, pattern, flags, replacement, stored_needs(pattern, flags))


class RuleTable:
    """Rules in the order of their application."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._needed_marks = [tuple(filter(_has_no_letter, current.needs.characters)) for current in self._rules]
        """Sets of figures and marks of each rule, from each of which a text has at least one."""
        self._marks = frozenset().union(*(needed for sets in self._needed_marks for needed in sets))
        self._of_marks: dict[frozenset[str], tuple[tuple[int, Rule], ...]] = {}

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def apply(self, text: str) -> str:
        """Apply the rules in order, each to the result of those before it."""
        facts, last = TextFacts(text), -1
        while True:
            characters = facts.characters
            for index, current in self._possible(characters):
                if index <= last:
                    continue
                for needed in current.needs.characters:  # as in `TextFacts.may_match`, without a call for each rule
                    if needed.isdisjoint(characters):
                        break
                else:
                    if facts.has_word(current.needs):
                        changed = current.pattern.sub(current.replacement, facts.text)
                        if changed != facts.text:
                            facts, last = TextFacts(changed), index
                            break
            else:
                return facts.text

    def _possible(self, characters: Set[str]) -> tuple[tuple[int, Rule], ...]:
        """Rules that may match a text with the same figures and marks, and any letters, with their indices."""
        marks = self._marks.intersection(characters)
        if marks not in self._of_marks:
            if len(self._of_marks) >= _MAX_KINDS:
                self._of_marks.clear()
            pairs = zip(enumerate(self._rules), self._needed_marks, strict=True)
            self._of_marks[marks] = tuple(pair for pair, sets in pairs if all(map(marks.intersection, sets)))
        return self._of_marks[marks]


def _has_no_letter(characters: frozenset[str]) -> bool:
    """False for sets with a letter or a space, which decide about few texts."""
    return not any(character.isalpha() or character == " " for character in characters)


def one_of(words: Iterable[str]) -> str:
    """Pattern that matches any of the words, the longest first, so that `kilometers` is not matched as `kilo`."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
