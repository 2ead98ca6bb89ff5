"""Turns of the Korean chapters of a book, with the evidence on their speakers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.frontend.dialogue.character import Character, Evidence, Mention
from hierbatch.frontend.dialogue.korean_characters import speech_stems
from hierbatch.frontend.dialogue.korean_levels import speech_level
from hierbatch.frontend.dialogue.quotations import Span
from hierbatch.frontend.dialogue.speakers import Turn

_BODY = r"(?:입|목소리|음성|소리|말|손|손가락|팔|주먹|눈|얼굴|낯|뺨|고개|입술|목성|모양|꼴)"
_PARTICLE = (
    r"(?:(?:이|가|은|는|께서|께서는|도)(?![가-힣])"
    rf"|의\s(?=(?:[가-힣]+\s)?{_BODY}(?:에서|[은는이가])(?![가-힣])))"
)
_FIRST_PERSON = r"(?<![가-힣])(?:나는|난|내가|나도|우리는)(?![가-힣])"
_NARRATOR_AS_OBJECT = re.compile(
    r"(?<![가-힣])(?:나의|나를|날|내|나에게|나에게만|내게|나한테|나더러|날더러|나보고|나하고|나와)(?![가-힣])"
)
_HONORIFIC = re.compile(r"[가-힣](?:시[며고니더면는]|신|셨|십니|실)(?![가-힣]*[을를])|말씀")
_COMMENT = re.compile(r"(?:것이|게|법이)\s?(?:다|아니|었다|냐)|[가-힣]란다|[가-힣]느냐$")
"""Endings of narration about somebody other than the narrator: `하는 것이다`, `먹어 버리란다`."""
_QUOTATIVE = re.compile(
    r"\s*(?:이라고|라고|이라구|라구|라는|하고|하구|하며|하면서|하니|하니까|하더니|고|구|"
    r"한다|했다|하였다|하는|이렇게|이런|이 말)(?:[\s,]|$)"
)
_INTRODUCES = re.compile(r"(?:[,:]|같이|듯이|말로|소리로|말하되|묻되|말이)\s*$")
_SUBJECT_CHANGES = re.compile(r"(?:니까|자|는데|더니|면|매|으나|지만|길래|때|때에|바람에|통에),?\s")
_ENDS_WITH_CHANGE = re.compile(r"(?:니까|[가-힣]자|면|매|길래)\s*,?\s*$")
"""Endings of a clause that leads to the words or deeds of somebody else: `내가 대답을 하니까,`."""
_GENERAL_STEMS = frozenset(["하였", "했다", "하며", "하면서", "하더니", "하는", "한다", "받는", "받았"])
"""Verb forms that mean speech directly after a quotation, and other things elsewhere."""
_SPEECH_AS_OBJECT = re.compile(r"(?<![가-힣])[가-힣]+는 (?:소리|말|목소리)(?:에|을|를)(?![가-힣])")
"""Speech that the subject of a sentence reacts to: `부르는 소리에`."""
_NOUN_CLAUSE = re.compile(r"[가-힣](?:기를|기만|것을|줄을|는지를?)(?![가-힣])")
_TOPIC = re.compile(r"(?:은|는|도|난)$")
_ADJACENT = 12
"""Maximum number of characters between a quotation and a subject that counts as adjacent to it."""
_CLAUSE_END = re.compile(r"[.!?…]\s|[.!?…]$")


class KoreanMentions:
    """Finder of persons in narration, for one book's characters.

    Args:
        characters: the characters of the book.
        narrator: index of the first-person narrator, or None.
    """

    def __init__(self, characters: Sequence[Character], narrator: int | None = None) -> None:
        self._characters, self._narrator = characters, narrator
        self._by_name = {
            alias: index for index, character in reversed(list(enumerate(characters))) for alias in character.aliases
        }
        names = "|".join(re.escape(name) for name in sorted(self._by_name, key=len, reverse=True)) or "(?!)"
        self._subject = re.compile(rf"(?:(?<![가-힣])(?P<name>{names})(?:이)?{_PARTICLE})|(?P<first>{_FIRST_PERSON})")
        self._any = re.compile(rf"(?<![가-힣])(?P<name>{names})")
        self._vocative = re.compile(rf"(?:^|[\s“\"‘'「,!])(?P<name>{names})(?:이)?(?:아|야|여|씨|님)?\s*(?=[,!?.…”\"])")

    def subjects_in(self, text: str) -> list[Mention]:
        """Persons that are a subject or topic, in order."""
        return [self._mention(match) for match in self._subject.finditer(text)]

    def subject_at(self, clause: str, position: int) -> Mention | None:
        """Subject of a verb: in the verb's own part of the sentence, or else an earlier topic; None without either.

        Args:
            clause: one sentence.
            position: start of the verb.
        """
        changes = [match.end() for match in _SUBJECT_CHANGES.finditer(clause, 0, position)]
        start = changes[-1] if changes else 0
        found = self._main_subjects(clause[:position])
        own = [match for match in found if match.start() >= start]
        topics = [match for match in found if match.start() < start and _TOPIC.search(match.group())]
        # Of several subjects in one part, the topic governs the last verb.
        governing = next((match for match in reversed(own) if _TOPIC.search(match.group())), own[-1] if own else None)
        governing = governing or (topics[-1] if topics else None)
        return self._mention(governing) if governing else None

    def _main_subjects(self, text: str) -> list[re.Match[str]]:
        """Subjects that are not inside a clause used as a noun: `점순이가 내가 밥을 먹기를 기다리다가`."""
        found = list(self._subject.finditer(text))
        ends = [*(match.start() for match in found[1:]), len(text)]
        return [
            match for at, match in enumerate(found) if at == 0 or not _NOUN_CLAUSE.search(text, match.end(), ends[at])
        ]

    def excluded_by(self, before: str, after: str) -> frozenset[int]:
        """Characters that the narration around a quotation excludes as its speaker.

        Args:
            before: narration that introduces the quotation; empty if there is none.
            after: narration that continues the sentence of the quotation; empty if there is none.
        """
        excluded: set[int] = set()
        clause = _last_sentence(before)
        if _ENDS_WITH_CHANGE.search(clause):
            subject = self.subject_at(clause, len(clause))
            if subject and subject.character is not None:
                excluded.add(subject.character)
        elif before and self.subject_at(clause, len(clause)) is None:
            # All persons are subjects of clauses that somebody else reacts to: `내가 말을 하면 그 대답이,`.
            excluded.update(each.character for each in self.subjects_in(clause) if each.character is not None)
        if self._narrator is not None:
            for text in (clause, _first_sentence(after)):
                subjects = self.subjects_in(text)
                is_other = _NARRATOR_AS_OBJECT.search(text) or _HONORIFIC.search(text) or _COMMENT.search(text)
                if is_other and not any(subject.is_first_person for subject in subjects):
                    excluded.add(self._narrator)
        return frozenset(excluded)

    def all_in(self, text: str) -> list[Mention]:
        """Characters mentioned by name, in order."""
        return [Mention(match.start(), match.end(), self._by_name[match["name"]]) for match in self._any.finditer(text)]

    def addressed_in(self, quote: str) -> frozenset[int]:
        """Characters spoken to by name."""
        return frozenset(self._by_name[match["name"]] for match in self._vocative.finditer(quote))

    def explicit_after(self, text: str) -> Mention | None:
        """Speaker in narration that continues the sentence of a quotation: `하고 김첨지는 말했다`."""
        if not _QUOTATIVE.match(text):
            return None
        clause = _first_sentence(text)
        verb = max((clause.rfind(stem) for stem in speech_stems()), default=-1)
        for mention in self.subjects_in(clause):
            is_adjacent = mention.start <= _ADJACENT
            if is_adjacent or (mention.start < verb and not _SUBJECT_CHANGES.search(clause[: mention.start])):
                return mention
        return None

    def explicit_in_next(self, text: str) -> Mention | None:
        """Speaker named in a separate paragraph after a quotation, as in `나리는 혀를 돌리어 대답을 하였다`."""
        clause = _SPEECH_AS_OBJECT.sub("", _first_sentence(text))
        verb = max((clause.rfind(stem) for stem in speech_stems() - _GENERAL_STEMS), default=-1)
        return self.subject_at(clause, verb) if verb >= 0 else None

    def explicit_before(self, text: str) -> Mention | None:
        """Speaker named in the last sentence before a quotation: `그때에 김첨지는 대수롭지 않은듯이,`."""
        clause = _last_sentence(text)
        if _ENDS_WITH_CHANGE.search(clause):
            return None
        is_speech = any(stem in clause for stem in speech_stems() - _GENERAL_STEMS)
        return self.subject_at(clause, len(clause)) if _INTRODUCES.search(clause) or is_speech else None

    def _mention(self, match: re.Match[str]) -> Mention:
        if match["first"]:
            return Mention(match.start(), match.end(), self._narrator, is_first_person=True)
        index = self._by_name[match["name"]]
        return Mention(match.start(), match.end(), index, self._characters[index].gender)


@dataclass(frozen=True, slots=True)
class _Context:
    """Narration directly before and after a quotation, in the same paragraph or an adjacent one."""

    before: str
    after: str
    is_completed: bool = False
    """True if `before` is a short paragraph that completes the preceding quotation."""
    is_apart: bool = False
    """True if `after` is a separate paragraph that does not continue the sentence of the quotation."""
    is_shared: bool = False
    """True if the paragraph after the quotation also introduces the next quotation."""


def korean_turns(
    paragraphs: Sequence[str], spans: Sequence[Sequence[Span]], mentions: KoreanMentions
) -> tuple[list[Turn], dict[int, list[int]]]:
    """Find the turns of a chapter, and the paragraphs in which the narration mentions each character.

    Args:
        paragraphs: text of the chapter.
        spans: narration and quotations of each paragraph.
        mentions: finder of the book's characters.

    Returns:
        The turns, and the indices of the paragraphs by the index of the character.
    """
    turns: list[Turn] = []
    appearances: defaultdict[int, set[int]] = defaultdict(set)
    for number, (text, parts) in enumerate(zip(paragraphs, spans, strict=True)):
        for at, part in enumerate(parts):
            passage = text[part.start : part.end]
            if part.is_quote:
                context = _context(paragraphs, spans, number, at)
                turns.append(Turn(number, _evidence(passage, context, mentions)))
                continue
            for mention in [*mentions.subjects_in(passage), *mentions.all_in(passage)]:
                if mention.character is not None:
                    appearances[mention.character].add(number)
    return turns, {index: sorted(found) for index, found in appearances.items()}


def _context(paragraphs: Sequence[str], spans: Sequence[Sequence[Span]], number: int, at: int) -> _Context:
    text, parts = paragraphs[number], spans[number]
    before, is_completed, is_apart = text[parts[at - 1].start : parts[at - 1].end] if at > 0 else "", False, False
    is_shared = False
    after = text[parts[at + 1].start : parts[at + 1].end] if at + 1 < len(parts) else ""
    if not before.strip() and number and at == 0 and not spans[number - 1][-1].is_quote:
        last = spans[number - 1][-1]
        before = paragraphs[number - 1][last.start : last.end]
        is_completed = number > 1 and len(spans[number - 1]) == 1 and _completes(before, spans[number - 2])
    if not after.strip() and number + 1 < len(paragraphs) and at == len(parts) - 1 and spans[number + 1]:
        first = spans[number + 1][0]
        passage = paragraphs[number + 1][first.start : first.end]
        after = "" if first.is_quote else passage
        is_apart = bool(after) and not _QUOTATIVE.match(after)
        if is_apart and _INTRODUCES.search(after):  # its last sentence introduces the next quotation
            after = after.rstrip().removesuffix(_last_sentence(after).rstrip())
            is_shared = True
    return _Context(before, after, is_completed, is_apart, is_shared)


def _completes(text: str, before: Sequence[Span]) -> bool:
    """True if a paragraph is one sentence after a quotation, and does not introduce the next quotation."""
    is_behind = bool(before) and before[-1].is_quote
    return is_behind and _last_sentence(text) == text.rstrip() and not _INTRODUCES.search(text)


def _evidence(quote: str, context: _Context, mentions: KoreanMentions) -> Evidence:
    is_about_another = context.is_completed or _is_behind_another(context.before)
    introduced = None if is_about_another else mentions.explicit_before(context.before)
    find_behind = mentions.explicit_in_next if context.is_apart else mentions.explicit_after
    behind_it = find_behind(context.after)
    is_introduced = introduced and _INTRODUCES.search(context.before)
    explicit = introduced if is_introduced else behind_it or introduced
    behind = [] if context.is_shared else mentions.subjects_in(_first_sentence(context.after))
    nearest = [
        *(behind[:1] if context.is_apart else behind),
        *([] if context.is_completed else reversed(mentions.subjects_in(_last_sentence(context.before)))),
    ]
    named = frozenset(mention.character for mention in mentions.all_in(quote) if mention.character is not None)
    before = context.before if not is_about_another and _INTRODUCES.search(context.before) else ""
    after = context.after if context.is_apart or _QUOTATIVE.match(context.after) else ""
    excluded = mentions.excluded_by(context.before if _ENDS_WITH_CHANGE.search(context.before) else before, after)
    return Evidence(
        explicit=explicit,
        mentioned=tuple(mention for mention in nearest if mention.character not in excluded),
        addressed=mentions.addressed_in(quote),
        spoken_of=named,
        excluded=frozenset(each for each in excluded if explicit is None or each != explicit.character),
        level=speech_level(quote),
    )


def _is_behind_another(text: str) -> bool:
    """True if narration only completes the quotation before it, as `하고 말했다` does."""
    return bool(_QUOTATIVE.match(text)) and _last_sentence(text) == text.rstrip() and not text.rstrip().endswith(",")


def _first_sentence(text: str) -> str:
    end = _CLAUSE_END.search(text)
    return text[: end.start()] if end else text


def _last_sentence(text: str) -> str:
    stripped = text.rstrip()
    ends = list(_CLAUSE_END.finditer(stripped[:-1]))
    return stripped[ends[-1].end() :] if ends else stripped
