"""Pause after a sentence: set by the row of the sentence, or else derived from the boundary to the next sentence."""

from __future__ import annotations

from dataclasses import dataclass

from hierbatch.delivery.takes import BookTake


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRules:
    """Silence between two sentences in seconds, by the kind of boundary between them."""

    sentence_s: float = 0.35
    """Silence before the next sentence of the same paragraph."""
    paragraph_s: float = 0.75
    """Silence before the next paragraph."""
    heading_s: float = 1.2
    """Silence before and after a heading inside a chapter."""


def pause_after_s(take: BookTake, following: BookTake, rules: PauseRules) -> float:
    """Silence between two takes of one chapter, in seconds; chapter edges use the profile's head and tail instead.

    Args:
        take: the first take; its `pause_after_s`, if set, takes precedence over the rules.
        following: the next take.
        rules: pauses between sentences, paragraphs and headings.
    """
    if take.pause_after_s is not None:
        return max(0.0, take.pause_after_s)
    if is_new_heading(take, following):
        return rules.heading_s
    return rules.paragraph_s if is_new_block(take, following) else rules.sentence_s


def is_new_heading(take: BookTake, following: BookTake) -> bool:
    """True if a heading starts or ends between the two sentences."""
    return is_new_block(take, following) and "heading" in (take.kind, following.kind)


def is_new_block(take: BookTake, following: BookTake) -> bool:
    """True if the two sentences belong to different paragraphs or headings of the book."""
    return (take.kind, take.source_ref) != (following.kind, following.source_ref)
