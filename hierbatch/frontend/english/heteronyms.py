"""English heteronyms: words with two pronunciations, disambiguated by context.

espeak-ng resolves most heteronyms by the preceding word ("to record", "the record"). The table has only those that
espeak-ng gets wrong: the past tense of "read", the metal "lead", "close the door", "a low bow", "a minute examination".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.frontend.phonemes import Phones
from hierbatch.frontend.tables import read_lines

_CLASSES = {
    "adverb": r"(?:not|never|ever|always|often|already|just|only|also|once|since|\w+ly)",
    "auxiliary": (
        "(?:did|didn't|do|does|doesn't|don't|can|could|will|would|shall|should|must|may|might|let|lets|make|made|makes|"
        "hear|heard|saw|see|sees|watch|watched|have|help|helped)"
    ),
    "be": ("(?:be|is|am|are|was|were|been|being|isn't|wasn't|weren't|aren't|i'm|it's|he's|she's|they're|we're|you're)"),
    "determiner": "(?:the|a|an|this|that|these|those|any|every|each|some|no|another|what|such)",
    "have": (
        "(?:have|has|had|having|haven't|hasn't|hadn't|i've|we've|you've|they've|i'd|he'd|she'd|we'd|they'd|you'd)"
    ),
    "modal": (
        "(?:can|could|will|would|shall|should|may|might|must|cannot|can't|couldn't|won't|wouldn't|shouldn't|did|didn't|"
        "do|don't|does|doesn't|to|let's|i'll|you'll|he'll|she'll|we'll|they'll)"
    ),
    "number": "(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred)",
    "past": (
        r"\b(?:was|were|had|said|took|sat|went|came|got|gave|found|stood|began|bought|put|told|thought|wrote|kept|"
        r"[a-z]{2,}ed) "
    ),
    "possessive": r"(?:my|your|his|her|its|our|their|whose|\w+'s)",
    "pronoun": "(?:i|you|we|they|who)",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    phones: Phones
    before: str
    after: str
    unless: str
    """Patterns of the words before and after, as in the table; empty if any words fit."""

    def fits(self, before: str, after: str) -> bool:
        return (
            (not self.before or _at_end(self.before).search(before) is not None)
            and (not self.after or _compile(self.after).match(after) is not None)
            and (not self.unless or _at_end(self.unless).search(before) is None)
        )


def find_heteronyms(words: Sequence[str]) -> dict[int, Phones]:
    """Find the words of a clause that espeak-ng would mispronounce; return their phones by index of the word.

    >>> find_heteronyms("He had read the minute details".split())
    {2: ('ɹ', 'ˈɛ', 'd'), 4: ('m', 'aɪ', 'n', 'ˈu', 't')}
    """
    lowered = [word.lower() for word in words]
    readings = _readings()
    found: dict[int, Phones] = {}
    if readings.keys().isdisjoint(words) and readings.keys().isdisjoint(lowered):
        return found
    for index, word in enumerate(lowered):
        candidates = readings.get(words[index]) or readings.get(word)
        if candidates:
            before, after = " ".join(lowered[:index]), " ".join(lowered[index + 1 :])
            reading = next((candidate for candidate in candidates if candidate.fits(before, after)), None)
            if reading:
                found[index] = reading.phones
    return found


@functools.cache
def heteronyms() -> frozenset[str]:
    """Return the words of the table of heteronyms, in lower case."""
    return frozenset(word.lower() for word in _readings())


@functools.cache
def _readings() -> dict[str, tuple[_Reading, ...]]:
    readings: dict[str, tuple[_Reading, ...]] = {}
    for line in read_lines("english/heteronyms.tsv"):
        word, phones, before, after, unless = (*line.split("\t"), "", "", "")[:5]
        readings[word] = (*readings.get(word, ()), _Reading(tuple(phones.split()), before, after, unless))
    return readings


def _at_end(pattern: str) -> re.Pattern[str]:
    return _compile(rf"(?:^|(?<=\s))(?:{pattern})$")


@functools.cache
def _compile(pattern: str) -> re.Pattern[str]:
    for name, words in _CLASSES.items():
        pattern = pattern.replace("{" + name + "}", words)
    return re.compile(pattern)
