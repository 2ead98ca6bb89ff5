"""Mentions of persons in English narration, and the speaker that a verb of speech names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from hierbatch.frontend.dialogue.character import Character, Gender, Mention
from hierbatch.frontend.dialogue.english_lexicon import person_nouns, verb_pattern

_PRONOUN = r"(?P<pronoun>\b(?:he|she|I|we|they)\b)"
_ADVERB = r"(?:(?:\w+ly|then|now|once|again|only|at last|at length|also|still|never|just|soon|even|himself|herself)\s+)"
_CLAUSE_END = re.compile(r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bRev)(?<!\bCol)(?<!\bCapt)[.!?;:]\s")
_VOCATIVE_BEFORE, _VOCATIVE_AFTER = (
    re.compile(r"(?:^|[,;.!?—“\"‘]\s*|\b(?:dear|my|oh|O|sir|poor|well)\s+)$"),
    ',.!?;—”"’',
)
_TITLES_IN_NAME = re.compile(r"\s+")


_SPOUSES = {"wife": "Mrs.", "lady": "Mrs.", "husband": "Mr."}
_RELATIVES = _SPOUSES | {"mother": "Mrs.", "father": "Mr."}
"""Relatives with the same surname, and their titles."""


class EnglishMentions:
    """Finder of persons in narration, for one book's characters.

    Args:
        characters: the characters of the book.
        narrator: index of the first-person narrator, or None.
    """

    def __init__(self, characters: Sequence[Character], narrator: int | None = None) -> None:
        self._characters, self._narrator = characters, narrator
        self._by_name: dict[str, int] = {}
        for index, character in reversed(list(enumerate(characters))):
            for alias in character.aliases:
                self._by_name[alias] = index
        names = sorted([*self._by_name], key=len, reverse=True)
        alternatives = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in names)
        named = rf"\b(?P<name>{alternatives})\b(?!\s*[’']s\b)" if names else r"(?P<name>(?!))"
        nouns = "|".join(person_nouns())
        whose = r"(?:the|a|an|(?P<possessive>his|her|their)|my|our|(?P<owner>[\w-]+)[’']s)"
        # The old man's daughter is not the old man.
        noun = rf"\b{whose}\s+(?:[\w-]+\s+){{0,2}}?(?P<noun>{nouns})\b(?![’']s\b)"
        self._person = re.compile(f"{named}|{noun}|{_PRONOUN}")

    def all_in(self, text: str) -> list[Mention]:
        """Persons mentioned in narration, in order; possessives are left out."""
        return [mention for match in self._person.finditer(text) if (mention := self._mention(match))]

    def names_in(self, text: str) -> list[Mention]:
        """Characters mentioned by name, in order."""
        return [mention for mention in self.all_in(text) if mention.character is not None]

    def explicit_after(self, text: str) -> Mention | None:
        """Speaker named after a quotation: `said Alice`, `she cried`, `the man at the door replied`."""
        clause = _first_clause(text)
        verb = verb_pattern()
        head = re.match(rf"[\s,—–-]*(?:and\s+)?{_ADVERB}?", clause)
        start = head.end() if head else 0
        if found := verb.match(clause, start):
            return self._nearest(clause, found.end(), reach=24)
        mention = self._nearest(clause, start, reach=12)
        if mention and verb.match(clause, _skip_adverbs(clause, mention.end)):
            return mention
        return None

    def explicit_before(self, text: str) -> Mention | None:
        """Speaker named before a quotation: `Alice said, “...`, `cried the Mouse: “...`."""
        clause = _last_clause(text)
        if not clause.rstrip().endswith((",", ":", "—", "–")):
            return None
        verbs = list(verb_pattern().finditer(clause))
        if not verbs:
            return self._subject(clause) if clause.rstrip().endswith(":") else None
        before = [mention for mention in self.all_in(clause[: verbs[-1].start()])]
        if before:
            return before[0] if clause.rstrip().endswith(":") else before[-1]
        return self._nearest(clause, verbs[-1].end(), reach=16)

    def addressed_in(self, quote: str) -> frozenset[int]:
        """Characters addressed in a quotation by a name that is set off by commas or other marks."""
        found = set()
        for mention in self.names_in(quote):
            before, after = quote[: mention.start], quote[mention.end :].lstrip()
            if mention.character is not None and after[:1] in _VOCATIVE_AFTER and _VOCATIVE_BEFORE.search(before[-12:]):
                found.add(mention.character)
        return frozenset(found)

    def _subject(self, clause: str) -> Mention | None:
        return next(iter(self.all_in(clause)), None)

    def _nearest(self, text: str, start: int, *, reach: int) -> Mention | None:
        for match in self._person.finditer(text, start):
            if match.start() - start > reach:
                return None
            if mention := self._mention(match):
                return mention
        return None

    def _mention(self, match: re.Match[str]) -> Mention | None:
        if match["name"]:
            index = self._by_name[_TITLES_IN_NAME.sub(" ", match["name"])]
            return Mention(match.start(), match.end(), index, self._characters[index].gender)
        if pronoun := match["pronoun"]:
            if pronoun == "I":
                return Mention(match.start(), match.end(), self._narrator, is_first_person=True)
            gender: Gender = {"he": "m", "she": "f"}.get(pronoun, "")  # type: ignore[assignment]
            return Mention(match.start(), match.end(), None, gender) if gender else None
        if (spouse := self._spouse(match["owner"], match["noun"])) is not None:
            return Mention(match.start(), match.end(), spouse, self._characters[spouse].gender)
        gender = person_nouns()[match["noun"]]  # type: ignore[assignment]
        owner: Gender = {"his": "m", "her": "f"}.get(match["possessive"] or "", "")  # type: ignore[assignment]
        title = _RELATIVES.get(match["noun"], "") if match["possessive"] else ""
        if match["noun"] in _SPOUSES and owner == gender:
            title = ""  # her lady is her mistress
        return Mention(
            match.start(), match.end(), None, gender if gender in ("m", "f") else "", title=title, owner=owner
        )

    def relative_among(self, mention: Mention, others: Sequence[int]) -> Mention:
        """Resolve a mention such as `his wife` to a character by title and surname; unchanged if no character fits.

        Args:
            mention: mention of a relative by a possessive pronoun.
            others: characters that the pronoun may refer to, the most probable first.
        """
        owners = [other for other in others if mention.owner in ("", self._characters[other].gender)]
        if mention.owner == mention.gender:  # her mother: a daughter without a surname has that of a father nearby
            owners += [other for other in others if other not in owners]
        for owner in owners:
            for alias in self._characters[owner].aliases:
                found = self._by_name.get(f"{mention.title} {alias.split()[-1]}") if " " in alias else None
                if found is not None and found != owner:
                    return replace(mention, character=found, gender=self._characters[found].gender)
        return mention

    def _spouse(self, owner: str | None, noun: str) -> int | None:
        """Index of the character meant by a phrase such as `Bennet's wife`; None if unknown."""
        title = _SPOUSES.get(noun)
        return self._by_name.get(f"{title} {owner}") if owner and title else None


def _skip_adverbs(text: str, start: int) -> int:
    found = re.compile(rf"[,\s]*(?:(?:had|did|has)\s+)?{_ADVERB}{{0,2}}").match(text, start)
    return found.end() if found else start


def _first_clause(text: str) -> str:
    end = _CLAUSE_END.search(text)
    return text[: end.start() + 1] if end else text


def _last_clause(text: str) -> str:
    stripped = text.rstrip()
    ends = [found.end() for found in _CLAUSE_END.finditer(stripped) if found.group()[0] != ":"]
    return text[ends[-1] :] if ends else text
