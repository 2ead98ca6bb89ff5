"""Speakers of a chapter's quotations, by a linear chain over the characters at hand.

Each quotation scores every character by the evidence around it (verbs of speech, persons in the same paragraph, names
inside the quotation, nearness); neighbouring quotations score turn-taking. The forward-backward algorithm gives each
character's probability, so that a certain attribution also decides the uncertain ones beside it.

The order of the evidence follows Muzny et al. 2017, "A Two-stage Sieve Approach for Quote Attribution"; the weights are
our own.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.frontend.dialogue.character import Character, Evidence, Mention

Scores = npt.NDArray[np.float64]

_EXPLICIT, _EXPLICIT_PRONOUN, _WRONG_GENDER = 9.0, 3.5, -7.0
_MENTIONED, _MENTIONED_LATER, _PREVIOUS = 3.0, 0.8, 0.6
_ADDRESSED, _SPOKEN_OF, _ANSWERS, _ASKED = -5.0, -1.2, 1.6, 0.8
_SAME_SPEAKER_PARAGRAPHS, _SAME_AFTER_NARRATION, _SAME_PARAGRAPH, _CONTINUES = -3.0, -0.6, 4.0, 8.0
_ALTERNATES = 1.5
_EXCLUDED = -4.0
_LEVEL, _LEVEL_PRIOR = 1.0, 2.0
"""Weight of the speech level, and the number of turns that a speaker is assumed to have at the common levels."""
_SCENE, _SCENE_PARAGRAPHS, _SCENE_FLOOR = 1.0, 8, 0.05
_N_REFINEMENTS = 3
_RECENCY = 0.9
"""Weight of the logarithm of the distance in paragraphs to a character's last or next appearance."""
_FREQUENCY = 0.25
_MAX_DISTANCE = 40
_N_MAIN = 8
"""Number of characters, the most frequent ones, that may speak in a chapter that does not name them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One quotation: its paragraph, its evidence, and whether it continues the quotation before it."""

    paragraph: int
    evidence: Evidence
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Attribution:
    """Index of the most probable speaker, and the probability."""

    character: int
    confidence: float


def attribute(
    turns: Sequence[Turn], characters: Sequence[Character], appearances: Mapping[int, Sequence[int]]
) -> list[Attribution]:
    """Most probable speaker of each quotation of a chapter.

    Args:
        turns: quotations in reading order.
        characters: characters of the book.
        appearances: for each character, the paragraphs of this chapter that mention it in narration, in order.
    """
    present = sorted({*appearances, *range(min(len(characters), _N_MAIN))})
    if not turns or not present:
        return []
    column = {character: index for index, character in enumerate(present)}
    emission = np.stack([_emission(turn, present, column, characters, appearances) for turn in turns])
    _add_addresses(emission, turns, column)
    transitions = [_transition(before, after, len(present)) for before, after in itertools.pairwise(turns)]
    posterior = _forward_backward(emission, transitions)
    for _ in range(_N_REFINEMENTS):
        support = _alternation(posterior, turns) + _scene(posterior, turns) + _levels(posterior, turns)
        posterior = _forward_backward(emission + support, transitions)
    best = posterior.argmax(axis=1)
    return [Attribution(present[index], float(row[index])) for index, row in zip(best, posterior, strict=True)]


def _emission(
    turn: Turn,
    present: Sequence[int],
    column: Mapping[int, int],
    characters: Sequence[Character],
    appearances: Mapping[int, Sequence[int]],
) -> Scores:
    nearness = np.array([_nearness(appearances.get(index, ()), turn.paragraph) for index in present])
    frequency = np.log([characters[index].n_mentions + 1.0 for index in present])
    scores: Scores = _RECENCY * nearness + _FREQUENCY * frequency
    evidence = turn.evidence
    if evidence.explicit:
        scores += _mention_scores(evidence.explicit, column, present, characters, _EXPLICIT, _EXPLICIT_PRONOUN)
    else:
        for rank, mention in enumerate(evidence.mentioned[:2]):
            weight = _MENTIONED if rank == 0 else _MENTIONED_LATER
            scores += np.maximum(0, _mention_scores(mention, column, present, characters, weight, 0.6 * weight))
        if evidence.previous:
            scores += _mention_scores(evidence.previous, column, present, characters, _PREVIOUS, 0.0)
    for addressed in evidence.addressed & column.keys():
        scores[column[addressed]] += _ADDRESSED
    for excluded in evidence.excluded & column.keys():
        scores[column[excluded]] += _EXCLUDED
    for named in (evidence.spoken_of - evidence.addressed) & column.keys():
        scores[column[named]] += _SPOKEN_OF
    return scores


def _mention_scores(
    mention: Mention,
    column: Mapping[int, int],
    present: Sequence[int],
    characters: Sequence[Character],
    named: float,
    by_gender: float,
) -> Scores:
    scores = np.zeros(len(present))
    if mention.character is not None:
        if mention.character in column:
            scores[column[mention.character]] = named
        return scores
    if mention.gender and by_gender:
        for index, character in enumerate(present):
            gender = characters[character].gender
            scores[index] = by_gender if gender == mention.gender else (_WRONG_GENDER if gender else 0.0)
    return scores


def _nearness(paragraphs: Sequence[int], paragraph: int) -> float:
    """Negative logarithm of the distance to the nearest appearance; later ones count as twice as far."""
    if not paragraphs:
        return -float(np.log(2 * _MAX_DISTANCE))
    at = int(np.searchsorted(paragraphs, paragraph, side="right"))
    before = paragraph - paragraphs[at - 1] if at else _MAX_DISTANCE
    after = 2 * (paragraphs[at] - paragraph) if at < len(paragraphs) else _MAX_DISTANCE
    return -float(np.log(1 + min(before, after, _MAX_DISTANCE)))


def _add_addresses(emission: Scores, turns: Sequence[Turn], column: Mapping[int, int]) -> None:
    """Raise the scores of persons addressed by name: they probably answer next, or have just spoken."""
    for index, turn in enumerate(turns):
        for addressed in turn.evidence.addressed & column.keys():
            for neighbour, weight in ((index + 1, _ANSWERS), (index - 1, _ASKED)):
                if 0 <= neighbour < len(turns) and 1 <= abs(turns[neighbour].paragraph - turn.paragraph) <= 2:
                    emission[neighbour, column[addressed]] += weight


def _transition(before: Turn, after: Turn, n_characters: int) -> Scores:
    """Scores of every pair of speakers of two neighbouring quotations; only equal speakers differ from 0."""
    distance = after.paragraph - before.paragraph
    if after.continues:
        score = _CONTINUES
    elif distance == 0:
        score = _SAME_PARAGRAPH
    elif distance == 1:
        score = _SAME_SPEAKER_PARAGRAPHS
    else:
        score = _SAME_AFTER_NARRATION if distance <= 3 else 0.0
    return score * np.eye(n_characters)


def _alternation(posterior: Scores, turns: Sequence[Turn]) -> Scores:
    """Support for the speaker of the last turn but one, and of the next but one, in an unbroken dialogue."""
    paragraphs: list[list[int]] = []
    for index, turn in enumerate(turns):
        if paragraphs and turns[paragraphs[-1][-1]].paragraph == turn.paragraph:
            paragraphs[-1].append(index)
        else:
            paragraphs.append([index])
    support = np.zeros_like(posterior)
    for offset in (-2, 2):
        for at, members in enumerate(paragraphs):
            if not 0 <= at + offset < len(paragraphs):
                continue
            neighbours = paragraphs[at + offset]
            if abs(turns[neighbours[0]].paragraph - turns[members[0]].paragraph) == 2:
                support[members] += _ALTERNATES * posterior[neighbours].mean(axis=0)
    return support


def _scene(posterior: Scores, turns: Sequence[Turn]) -> Scores:
    """Support for those who also speak in the paragraphs around, as a logarithm of their share of the turns."""
    at = np.array([turn.paragraph for turn in turns])
    distance = np.abs(at[:, None] - at[None, :])
    weights = np.where((distance > 0) & (distance <= _SCENE_PARAGRAPHS), 1.0 / (1 + distance), 0.0)
    share = weights @ posterior / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    support: Scores = _SCENE * np.log(_SCENE_FLOOR + share)
    return support


def _levels(posterior: Scores, turns: Sequence[Turn]) -> Scores:
    """Support for those who use the speech level of a turn in their other turns."""
    support = np.zeros_like(posterior)
    levels = np.array([turn.evidence.level for turn in turns])
    marked = levels != ""
    for level in sorted(set(levels[marked])):
        is_level = levels == level
        share = is_level.sum() / marked.sum()
        others = posterior[marked].sum(axis=0) - posterior[is_level]
        at_level = posterior[is_level].sum(axis=0) - posterior[is_level]
        support[is_level] = _LEVEL * np.log((at_level + _LEVEL_PRIOR * share) / (others + _LEVEL_PRIOR) / share)
    return support


def _forward_backward(emission: Scores, transitions: Sequence[Scores]) -> Scores:
    """Probability of each speaker of each quotation. Shape: [quotations, characters]."""
    n = len(emission)
    forward, backward = np.zeros_like(emission), np.zeros_like(emission)
    forward[0] = emission[0]
    for i in range(1, n):
        forward[i] = emission[i] + _log_sum(forward[i - 1][:, None] + transitions[i - 1])
    for i in range(n - 2, -1, -1):
        backward[i] = _log_sum((transitions[i] + (emission[i + 1] + backward[i + 1])[None, :]).T)
    joint = forward + backward
    joint -= joint.max(axis=1, keepdims=True)
    probability: Scores = np.exp(joint)
    result: Scores = probability / probability.sum(axis=1, keepdims=True)
    return result


def _log_sum(scores: Scores) -> Scores:
    """Logarithm of the sum of exponentials over the first axis."""
    maximum: Scores = scores.max(axis=0)
    summed: Scores = maximum + np.log(np.exp(scores - maximum).sum(axis=0))
    return summed
