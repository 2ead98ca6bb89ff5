"""Characters of an English book: capitalized names that act as persons, grouped by the person that they refer to."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hierbatch.frontend.dialogue.character import Character, Gender
from hierbatch.frontend.dialogue.english_lexicon import (
    FEMALE_PRONOUNS,
    MALE_PRONOUNS,
    first_name_genders,
    nicknames,
    not_names,
    titles,
    verb_pattern,
)

_WORD = r"[A-Z][a-zA-Zéèêëáàâäóòôöúùûüíìîïçñ]+(?:[-’'][A-Z][a-z]+)*"
_SENTENCE_START = re.compile(r"(?:^|[.!?:;“”\"‘’—(\[]\s*)$")
_LOCATIVE = re.compile(r"\b(?:in|at|to|from|near|of|into|through|towards|reached|left)\s+$")
_ACTS = re.compile(
    r"\s+(?:\w+ly\s+|then\s+|had\s+|only\s+)?(?:was|had|looked|sat|stood|turned|took|came|could|would|did|went|felt|saw|made|"
    r"seemed|walked|put|laughed|smiled|nodded|shook|rose|got|gave|heard|found|knew|'s|’s)\b"
)
_CALLED = re.compile(r"(?:[,“‘]|\bdear|\bmy|\bOh)\s*$")
_WORDS_AFTER = re.compile(r"[a-z]+")
_GENDER_REACH = 120
"""Length of the text after a name, in characters, in which a pronoun counts as evidence of the person's gender."""
_MIN_EVIDENCE = 2
_MARRIED = ("mrs", "lady", "madame", "mme")
_SURNAME_TITLES = ("mr", "mrs", "dr", "doctor", "colonel", "captain", "major", "inspector", "professor", "sergeant")
_ABBREVIATIONS = frozenset(("mr", "mrs", "ms", "mme", "mlle", "dr", "rev", "col", "capt", "st"))
"""Titles that refer to a person only together with a name."""
_RANKS = (
    "lady",
    "sir",
    "lord",
    "king",
    "queen",
    "prince",
    "princess",
    "duke",
    "duchess",
    "father",
    "mother",
    "uncle",
    "aunt",
)


@dataclass
class _Counts:
    total: int = 0
    inside: int = 0
    """Occurrences that do not begin a sentence."""
    locative: int = 0
    person: float = 0.0
    male: int = 0
    female: int = 0
    words: tuple[str, ...] = field(default=())


@functools.cache
def name_pattern() -> re.Pattern[str]:
    """Pattern of a capitalized name, with its title if it has one."""
    title = "|".join(sorted((title.capitalize() for title in titles()), key=len, reverse=True))
    titled = rf"(?:(?:Mr|Mrs|Ms|Mme|Mlle|Dr|Rev|Col|Capt)\.|(?:{title})\b)\s+"
    return re.compile(rf"\b(?:{titled})?(?:St\.\s+)?{_WORD}(?:\s+(?:(?:de|von|van|of|St\.)\s+)?{_WORD}){{0,3}}")


def find_characters(paragraphs: Iterable[str]) -> list[Character]:
    """Characters of a book, the most frequent first.

    Args:
        paragraphs: the whole text of the book, narration and quotations.
    """
    counts, lower = _count_names(paragraphs)
    names = {name: found for name, found in counts.items() if _is_person(name, counts, lower)}
    groups = _group(names)
    characters = [_character(members, names) for members in groups]
    return sorted(characters, key=lambda character: (-character.n_mentions, character.name))


def name_words(name: str) -> tuple[str, tuple[str, ...]]:
    """Title in lower case without its stop (empty if there is none), and the words of the name itself."""
    words = name.split()
    first = words[0].rstrip(".").lower()
    return (first, tuple(words[1:])) if len(words) > 1 and first in titles() else ("", tuple(words))


def _count_names(paragraphs: Iterable[str]) -> tuple[dict[str, _Counts], Counter[str]]:
    counts: dict[str, _Counts] = {}
    lower: Counter[str] = Counter()
    verb = verb_pattern()
    for text in paragraphs:
        lower.update(_WORDS_AFTER.findall(text))
        for match in name_pattern().finditer(text):
            name = " ".join(match.group().split())
            is_start = bool(_SENTENCE_START.search(text[max(0, match.start() - 3) : match.start()]))
            if is_start:
                name = _without_first_function_word(name)
            if not name:
                continue
            found = counts.setdefault(name, _Counts())
            found.total += 1
            found.inside += not is_start
            before, after = text[max(0, match.start() - 24) : match.start()], text[match.end() : match.end() + 40]
            found.locative += bool(_LOCATIVE.search(before))
            found.person += bool(_ACTS.match(after))
            found.person += 3 * bool(verb.match(after.lstrip())) if after[:1] == " " else 0
            found.person += 3 * bool(
                verb.search(before) and not before.rstrip()[-1:].isupper() and _ends_with_verb(before)
            )
            found.person += 2 * bool(name_words(name)[0])
            found.person += bool(_CALLED.search(before) and after[:1] in tuple(",.!?;”"))
            pronoun = _next_pronoun(text[match.end() : match.end() + _GENDER_REACH])
            found.male += pronoun == "m"
            found.female += pronoun == "f"
    return counts, lower


def _ends_with_verb(before: str) -> bool:
    words = before.split()
    while words and words[-1].lower() in ("the", "poor", "old", "little", "young", "dear"):
        words.pop()
    return bool(words) and bool(verb_pattern().fullmatch(words[-1]))


def _without_first_function_word(name: str) -> str:
    words = name.split()
    while words and words[0].lower() in not_names() and words[0].rstrip(".").lower() not in titles():
        words = words[1:]
    return " ".join(words)


def _next_pronoun(after: str) -> Gender:
    for word in _WORDS_AFTER.findall(after.lower()):
        if word in MALE_PRONOUNS:
            return "m"
        if word in FEMALE_PRONOUNS:
            return "f"
    return ""


def _is_person(name: str, names: Mapping[str, _Counts], lower: Mapping[str, int]) -> bool:
    found = names[name]
    title, words = name_words(name)
    if not words or any(len(word) < 2 for word in words) or words[-1].lower() in _ABBREVIATIONS:
        return False
    if name.endswith("s") and name[:-1] in names:
        return False  # the Miss Bennets
    if title:
        return True
    if all(word.lower() in not_names() for word in words):
        return False
    if len(words) == 1:
        word = words[0].lower()
        if word in not_names() or (found.inside == 0 and found.person < 6) or lower.get(word, 0) > 3 * found.total:
            return False
    if found.locative > 0.4 * found.total and found.person < found.locative:
        return False
    return found.person >= _MIN_EVIDENCE or words[0].lower() in first_name_genders()


def _gender(name: str, found: _Counts) -> Gender:
    title, words = name_words(name)
    if titles().get(title) == "m":
        return "m"
    if titles().get(title) == "f":
        return "f"
    known = first_name_genders().get(words[0].lower(), "") if not title or len(words) > 1 else ""
    if known in ("m", "f"):
        return "m" if known == "m" else "f"
    if words[-1] in ("Queen", "Duchess", "Lady", "Mother"):
        return "f"
    if words[-1] in ("King", "Knave", "Duke"):
        return "m"
    n = found.male + found.female
    return "" if n < 3 or max(found.male, found.female) < 0.65 * n else ("m" if found.male > found.female else "f")


def _group(names: Mapping[str, _Counts]) -> list[list[str]]:
    """Group names by person; longer names are assigned first, so that shorter ones can join them."""
    ordered = sorted(names, key=lambda name: (-len(name_words(name)[1]), -names[name].total, name))
    groups: list[list[str]] = []
    by_word: defaultdict[str | tuple[str, str], set[int]] = defaultdict(set)
    """Indices of the groups by a word, or by first and last word, of a member; other groups are not compared."""
    for name in ordered:
        words = name_words(name)[1]
        asked: list[str | tuple[str, str]] = [*(_full_names(words) or _first_names(words[0]))]
        near: set[int] = set().union(*(by_word[key] for key in asked if key in by_word))
        fitting = [index for index in sorted(near) if _may_be_one(name, groups[index], names)]
        best = max(fitting, key=lambda index: _affinity(name, groups[index], names), default=len(groups))
        if best == len(groups):
            groups.append([])
        groups[best].append(name)
        keys: list[str | tuple[str, str]] = [*_full_names(words), *_first_names(words[0]), words[-1].lower()]
        for key in keys:
            by_word[key].add(best)
    return groups


def _full_names(words: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Pairs of first and last word, one for each form of the first word; empty for a single word."""
    return frozenset((first, words[-1]) for first in _first_names(words[0])) if len(words) > 1 else frozenset()


def _may_be_one(name: str, group: Sequence[str], names: Mapping[str, _Counts]) -> bool:
    title, words = name_words(name)
    gender = _gender(name, names[name])
    genders = {_gender(member, names[member]) for member in group} - {""}
    if gender and genders and gender not in genders:
        return False
    if len(words) > 1:
        return any(_same_words(words, name_words(member)[1]) for member in group)
    others = {name_words(member)[0] for member in group} - {""}
    if title in _MARRIED and title not in others and (others or f"Miss {words[0]}" in names):
        return False  # Mrs. Bennet is none of her daughters
    return any(_fits(title, words[0], *name_words(member)) for member in group)


def _fits(title: str, word: str, member_title: str, member: tuple[str, ...]) -> bool:
    """True if a single word, with or without a title, can refer to the person with the name `member`."""
    if len(member) == 1:
        if title and member_title and title != member_title:
            return False  # Mr. and Mrs. Bennet
        is_short_form = member_title not in _RANKS and title not in _RANKS
        return member[0] == word or (is_short_form and bool(_first_names(word) & _first_names(member[0])))
    if title in ("mr", "mrs", "miss", "ms", "dr", "doctor", "captain", "colonel", "professor", "major"):
        return member[-1] == word and (title != "miss" or member_title in ("", "miss"))
    if member[-1] == word or member[0] == word:
        return True
    return member_title not in _RANKS and bool(_first_names(word) & _first_names(member[0]))


def _same_words(words: tuple[str, ...], member: tuple[str, ...]) -> bool:
    if len(member) < 2:
        return False
    return words[-1] == member[-1] and bool(_first_names(words[0]) & _first_names(member[0]))


def _first_names(word: str) -> frozenset[str]:
    return nicknames().get(word.lower(), frozenset()) | {word.lower()}


def _affinity(name: str, group: Sequence[str], names: Mapping[str, _Counts]) -> tuple[int, int]:
    """Rank of a person to whom a name may refer: by the names in common, then by the number of mentions."""
    title, words = name_words(name)
    by_first = any(words[0] == name_words(member)[1][0] for member in group)
    by_title = any(titles().get(name_words(member)[0]) == "m" for member in group) and not title
    is_surname = not title and any(
        name_words(member)[0] in _SURNAME_TITLES and name_words(member)[1] == words for member in group
    )
    same_title = bool(title) and any(name_words(member)[0] == title for member in group)
    return int(by_first) + int(by_title) + 2 * int(same_title) + 3 * int(is_surname), sum(
        names[member].total for member in group
    )


def _character(members: Sequence[str], names: Mapping[str, _Counts]) -> Character:
    total = sum(names[member].total for member in members)
    genders = Counter[Gender]()
    for member in members:
        genders[_gender(member, names[member])] += names[member].total
    genders.pop("", None)
    name = max(members, key=lambda member: (names[member].total, len(member)))
    return Character(name, tuple(sorted(members)), max(genders, key=lambda g: genders[g], default=""), total)
