"""Turns of the English chapters of a book, with the evidence on their speakers."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hierbatch.frontend.dialogue.character import Evidence, Mention
from hierbatch.frontend.dialogue.english_mentions import EnglishMentions
from hierbatch.frontend.dialogue.quotations import Span
from hierbatch.frontend.dialogue.speakers import Turn

_CLOSING_MARKS = {"“": "”", '"': '"', "‘": "’", "'": "'’", "«": "»", "「": "」", "『": "』"}


def english_turns(
    paragraphs: Sequence[str], spans: Sequence[Sequence[Span]], mentions: EnglishMentions
) -> tuple[list[Turn], dict[int, list[int]]]:
    """Find the turns of a chapter, and the paragraphs in which the narration mentions each character.

    Args:
        paragraphs: text of the chapter.
        spans: narration and quotations of each paragraph.
        mentions: finder of mentions of the book's characters.

    Returns:
        The turns, and the indices of the paragraphs by the index of the character.
    """
    turns: list[Turn] = []
    appearances: defaultdict[int, list[int]] = defaultdict(list)
    previous: Mention | None = None
    spoken_to: Sequence[int] = ()
    is_open = False
    for number, (text, parts) in enumerate(zip(paragraphs, spans, strict=True)):
        narrated = [[] if part.is_quote else mentions.all_in(text[part.start : part.end]) for part in parts]
        first_two = _first_two(narrated)
        for mention in (mention for found in narrated for mention in found):
            if mention.character is not None:
                appearances[mention.character].append(number)
        addressed = [mentions.addressed_in(text[part.start : part.end]) for part in parts if part.is_quote]
        near = sorted(frozenset().union(*addressed))
        explicit = _explicit(text, parts, mentions, [*near, *_last_seen(appearances), *spoken_to])
        spoken_to = near or spoken_to
        has_explicit = any(explicit.values())
        for at, part in enumerate(parts):
            if not part.is_quote:
                continue
            evidence = _evidence(text[part.start : part.end], explicit[at], mentions)
            if not has_explicit:
                evidence = replace(evidence, mentioned=_nearest_first(at, narrated, first_two), previous=previous)
            turns.append(Turn(number, evidence, continues=is_open and at == 0))
            closing = _CLOSING_MARKS.get(text[part.start], "")
            is_open = bool(closing) and text[part.end - 1] not in closing
            if evidence.explicit and evidence.explicit.character is not None:
                appearances[evidence.explicit.character].append(number)
        if not any(part.is_quote for part in parts):
            is_open = False
            named = [mention for mention in narrated[0] if mention.character is not None] if narrated else []
            previous = named[-1] if named else None
        else:
            previous = None
    return turns, {index: sorted(set(found)) for index, found in appearances.items()}


def _last_seen(appearances: Mapping[int, Sequence[int]]) -> list[int]:
    """Indices of the characters that narration has mentioned so far, the most recent first."""
    return sorted(appearances, key=lambda index: -appearances[index][-1])


def _explicit(
    text: str, parts: Sequence[Span], mentions: EnglishMentions, near: Sequence[int]
) -> dict[int, Mention | None]:
    """Speaker named by a verb of speech after or before each quotation, by index in `parts`; None if none is named.

    Args:
        text: the paragraph.
        parts: narration and quotations of the paragraph.
        mentions: finder of mentions of the book's characters.
        near: characters that a possessive pronoun may refer to, the most probable first.
    """
    found: dict[int, Mention | None] = {}
    for at, part in enumerate(parts):
        if not part.is_quote:
            continue
        after = parts[at + 1] if at + 1 < len(parts) else None
        speaker = mentions.explicit_after(text[after.start : after.end]) if after else None
        if speaker is None and at > 0:
            before = parts[at - 1]
            speaker = mentions.explicit_before(text[before.start : before.end])
        found[at] = mentions.relative_among(speaker, near) if speaker and speaker.title else speaker
    return found


def _evidence(quote: str, explicit: Mention | None, mentions: EnglishMentions) -> Evidence:
    named = frozenset(mention.character for mention in mentions.names_in(quote) if mention.character is not None)
    return Evidence(explicit=explicit, addressed=mentions.addressed_in(quote), spoken_of=named)


def _nearest_first(at: int, narrated: Sequence[Sequence[Mention]], first_two: Sequence[Mention]) -> tuple[Mention, ...]:
    """Persons in the narration of the paragraph: beside the quotation first, and names before pronouns.

    Args:
        at: index of the quotation among the parts of the paragraph.
        narrated: mentions in each part.
        first_two: mentions of the paragraph by `_first_two`; two that are not beside the quotation are used.
    """
    nearest = [mention for offset in (1, -1) if 0 <= at + offset < len(narrated) for mention in narrated[at + offset]]
    beside = set(nearest)
    others = itertools.islice((mention for mention in first_two if mention not in beside), 2)
    return (*sorted(nearest, key=lambda mention: mention.character is None), *others)


def _first_two(narrated: Sequence[Sequence[Mention]]) -> list[Mention]:
    """Mentions of a paragraph in order; of several equal ones, the first two."""
    counts: Counter[Mention] = Counter()
    kept: list[Mention] = []
    for mention in itertools.chain.from_iterable(narrated):
        counts[mention] += 1
        if counts[mention] <= 2:
            kept.append(mention)
    return kept
