"""How long to be silent after a sentence: by what comes next, unless the row itself says."""

from __future__ import annotations

from dataclasses import dataclass

from hierbatch.export.takes import Take


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRules:
    """Seconds of silence between two sentences, by reason."""

    sentence_s: float = 0.35
    """To the next sentence of the same paragraph."""
    paragraph_s: float = 0.75
    """To the next paragraph."""
    heading_s: float = 1.2
    """Before and after a heading inside a chapter."""


def pause_after_s(take: Take, following: Take, rules: PauseRules) -> float:
    """Silence between two takes of one chapter; between chapters the profile's tail and head stand instead."""
    if take.pause_after_s is not None:
        return max(0.0, take.pause_after_s)
    if is_new_heading(take, following):
        return rules.heading_s
    return rules.paragraph_s if is_new_block(take, following) else rules.sentence_s


def is_new_heading(take: Take, following: Take) -> bool:
    return is_new_block(take, following) and "heading" in (take.kind, following.kind)


def is_new_block(take: Take, following: Take) -> bool:
    """Whether the two sentences stand in different paragraphs or headings of the book."""
    return (take.kind, take.source_ref) != (following.kind, following.source_ref)
