"""Rules for English words in capitals: initialisms to spell, acronyms to read as words, and emphasized words.

In normalized text, the name of a letter is a single capital ("F B I"). The article is always a lower-case "a", so that
a capital A is the letter.
"""

from __future__ import annotations

import re

from hierbatch.frontend.characters import PLACEHOLDERS
from hierbatch.frontend.english.stops import STOP
from hierbatch.frontend.rules import Rule, rule
from hierbatch.frontend.tables import read_words

_USUALLY_WORDS = frozenset({"AM", "IT", "LED", "US", "WHO"})
_LONGEST_UNKNOWN_INITIALISM = 3
_AMBIGUOUS_LENGTH = 2
_CAPITALS = r"(?<![\w'])(?P<word>[A-Z][A-Z]+(?:'[A-Z]+)*)(?!\w)"
_CONTEXT_CHARACTERS = 60
_IT_WORK = r"(?=\s(?:department|support|team|manager|systems?|industry|sector|specialist|company|staff|job)\b)"
_OF_A_STATE = (
    r"(?='s|\s(?:[A-Z][a-z]|dollars?|government|president|economy|citizens?|troops|military|market)|-[A-Za-z]|"
    r"\s(?!(?:a|about|again|all|also|always|an|and|are|as|at|away|back|both|but|by|can|down|each|every|for|from|good|here|"
    r"how|if|in|into|is|it|just|know|like|more|never|no|none|not|now|of|off|on|once|one|only|or|out|over|so|some|such|"
    r"than|that|the|them|then|there|these|they|think|this|to|together|too|two|up|very|was|we|were|what|when|where|"
    r"which|while|who|why|will|with|yes|yet|you|your)\b)[a-z]{3,})"
)
_BEFORE_LETTERS = frozenset(
    {"plan", "vitamin", "grade", "class", "type", "hepatitis", "group", "team", "section", "part", "exhibit", "option",
     "letter", "model", "appendix", "side", "the", "an", "capital", "straight", "number", "slash", "dot", "dash"}
)  # fmt: skip
_FIGURE_WORD = re.compile(
    r"(?:.*-)?(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|\w{3,}ty|hundred)"
)
_PREVIOUS_WORD = re.compile(r"([\w'-]+)\W*$")
_NEXT_WORD = re.compile(r"\W*([\w'.]+)")
_VOWEL = re.compile("[AEIOUY]")


def say_letters(letters: str) -> str:
    """Spell letters one by one.

    >>> say_letters("FBI")
    'F B I'
    """
    return " ".join(letter.upper() for letter in letters if letter.isalpha())


def is_unpronounceable(letters: str) -> bool:
    """True for letters without a vowel, which cannot be read as a word."""
    return not _VOWEL.search(letters.upper())


def _say_capitals(match: re.Match[str]) -> str:
    """Spell an initialism; read an emphasized word, or a heading in capitals, as words."""
    word = match["word"]
    if word in read_words("english/acronyms.txt"):
        return word.capitalize()
    among_capitals = _is_among_capitals(match)
    is_word = word in read_words("english/short_words.txt")
    if word in _USUALLY_WORDS or (is_word and among_capitals):
        return word.lower()
    is_spelled = word in read_words("english/spelled.txt") and (len(word) > _AMBIGUOUS_LENGTH or not among_capitals)
    if is_spelled or is_unpronounceable(word):
        return say_letters(word)
    is_initialism = len(word) <= _LONGEST_UNKNOWN_INITIALISM and not is_word and not among_capitals
    return say_letters(word) if is_initialism else word.lower()


def _is_among_capitals(match: re.Match[str]) -> bool:
    after = match.string[match.end() : match.end() + _CONTEXT_CHARACTERS]
    neighbours = (_PREVIOUS_WORD.search(_before(match)), _NEXT_WORD.match(after))
    words = [found[1] for found in neighbours if found]
    return any(len(word) > 1 and word.isupper() and word not in read_words("english/spelled.txt") for word in words)


def _before(match: re.Match[str]) -> str:
    """Return the last 60 characters before a match; a fixed length keeps the rules linear."""
    return match.string[max(match.start() - _CONTEXT_CHARACTERS, 0) : match.start()]


def _say_article(match: re.Match[str]) -> str:
    """Read A as the article, unless it is a letter ("Plan A is", "U S A is", "sixteen A Victoria Street")."""
    before = _before(match)
    found = _PREVIOUS_WORD.search(before)
    if found and before[-1] == " " and before[found.end(1) :] == " ":
        previous = found[1]
        is_letter = len(previous) == 1 and previous.isupper() and previous != "I"
        if is_letter or previous.lower() in _BEFORE_LETTERS or _FIGURE_WORD.fullmatch(previous):
            return "A"
    return "a"


LETTER_RULES: tuple[Rule, ...] = (
    rule(
        "dotted letters",
        rf"(?<![\w.])(?P<letters>(?:[A-Za-z]\.)+[A-Za-z])(?!\w){STOP}",
        lambda match: say_letters(match["letters"]),
    ),
    rule("article", rf"(?<![\w'.&-])A(?=\s[a-zA-Z{PLACEHOLDERS}])(?!\s[A-Z]\b)", _say_article),
    rule("initial", rf"(?<![\w'])(?<![A-Z]\s)(?P<letter>[A-Z])(?=\.\s?[A-Z{PLACEHOLDERS}]){STOP}", r"\g<letter>"),
    rule(
        "letters and letters",
        r"\b(?P<left>[A-Z]{1,2})\s?&\s?(?P<right>[A-Z]{1,2})\b",
        lambda match: f"{say_letters(match['left'])} and {say_letters(match['right'])}",
    ),
    rule("plural letters", r"\b(?P<letters>[A-Z]{2,5})'?s\b", lambda match: f"{say_letters(match['letters'])}'s"),
    rule("information technology", rf"\bIT\b{_IT_WORK}", "I T"),
    rule("health organization", r"(?<=\b[Tt]he )WHO\b", "W H O"),
    rule("united states", rf"(?<=\b[Tt]he )US\b|\bUS\b{_OF_A_STATE}", "U S"),
    rule("capitals", _CAPITALS, _say_capitals),
)
