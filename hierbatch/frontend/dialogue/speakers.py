"""Speakers of a chapter's quotations, by a linear-chain model over the characters that may speak.

Each quotation scores every character by the evidence around it (verbs of speech, persons in the same paragraph, names
inside the quotation, nearness); each pair of neighboring quotations scores a change of speaker. The forward-backward
algorithm gives each character's probability, so that a certain attribution also decides the uncertain ones beside it.

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
Positions = npt.NDArray[np.int64]

_EXPLICIT, _EXPLICIT_PRONOUN, _WRONG_GENDER = 9.0, 3.5, -7.0
_MENTIONED, _MENTIONED_LATER, _PREVIOUS = 3.0, 0.8, 0.6
_ADDRESSED, _SPOKEN_OF, _ANSWERS, _ASKED = -5.0, -1.2, 1.6, 0.8
_SAME_SPEAKER_PARAGRAPHS, _SAME_AFTER_NARRATION, _SAME_PARAGRAPH, _CONTINUES = -3.0, -0.6, 4.0, 8.0
_ALTERNATES = 1.5
_EXCLUDED = -4.0
_LEVEL, _LEVEL_PRIOR = 1.0, 2.0
"""Weight of the speech level, and the number of average turns that are added to those of each speaker."""
_SCENE, _SCENE_PARAGRAPHS, _SCENE_FLOOR = 1.0, 8, 0.05
_N_REFINEMENTS = 3
_RECENCY = 0.9
"""Weight of the logarithm of the distance in paragraphs to a character's last or next appearance."""
_FREQUENCY = 0.25
_MAX_DISTANCE = 40
_MAX_PRESENT = 500
_N_MAIN = 8
"""Number of characters, the most frequent ones, that may speak in a chapter that does not name them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One quotation: the index of its paragraph, its evidence, and whether it continues the quotation before it."""

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
    """Most probable speaker of each quotation of a chapter; empty if there is no quotation or no character.

    Args:
        turns: quotations in reading order.
        characters: characters of the book.
        appearances: for each character, the paragraphs of this chapter that mention it in narration, in order.
    """
    present = _present(characters, appearances)
    if not turns or not present:
        return []
    column = {character: index for index, character in enumerate(present)}
    emission = _nearness_scores(turns, present, characters, appearances)
    for scores, turn in zip(emission, turns, strict=True):
        _add_evidence(scores, turn.evidence, present, column, characters)
    _add_addresses(emission, turns, column)
    transitions = [_transition(before, after) for before, after in itertools.pairwise(turns)]
    posterior = _forward_backward(emission, transitions)
    for _ in range(_N_REFINEMENTS):
        support = _alternation(posterior, turns) + _scene(posterior, turns) + _levels(posterior, turns)
        posterior = _forward_backward(emission + support, transitions)
    best = posterior.argmax(axis=1)
    return [Attribution(present[index], float(row[index])) for index, row in zip(best, posterior, strict=True)]


def _present(characters: Sequence[Character], appearances: Mapping[int, Sequence[int]]) -> list[int]:
    """Indices of the characters that may speak in a chapter: those most often named there, and the main characters."""
    named = sorted(appearances, key=lambda index: (-len(appearances[index]), index))[:_MAX_PRESENT]
    return sorted({*named, *range(min(len(characters), _N_MAIN))})


def _nearness_scores(
    turns: Sequence[Turn],
    present: Sequence[int],
    characters: Sequence[Character],
    appearances: Mapping[int, Sequence[int]],
) -> Scores:
    """Scores by the distance to appearances and by the frequency of the characters. Shape: [turns, present]."""
    at = np.array([turn.paragraph for turn in turns])
    frequency = np.log([characters[index].n_mentions + 1.0 for index in present])
    nearness = np.stack([_nearness(appearances.get(index, ()), at) for index in present], axis=1)
    scores: Scores = _RECENCY * nearness + _FREQUENCY * frequency
    return scores


def _add_evidence(
    scores: Scores,
    evidence: Evidence,
    present: Sequence[int],
    column: Mapping[int, int],
    characters: Sequence[Character],
) -> None:
    """Add the evidence around a turn to its scores, in place."""
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


def _nearness(paragraphs: Sequence[int], at: Positions) -> Scores:
    """Negative logarithm of the distance of each turn to the nearest appearance; later ones count as twice as far."""
    if not paragraphs:
        return np.full(len(at), -np.log(2 * _MAX_DISTANCE))
    padded = np.array([-_MAX_DISTANCE - 1, *paragraphs, at.max() + _MAX_DISTANCE])
    following = np.searchsorted(padded[1:-1], at, side="right") + 1
    distance = np.minimum(at - padded[following - 1], 2 * (padded[following] - at))
    nearness: Scores = -np.log(1.0 + np.minimum(distance, _MAX_DISTANCE))
    return nearness


def _add_addresses(emission: Scores, turns: Sequence[Turn], column: Mapping[int, int]) -> None:
    """Raise the scores of persons addressed by name: they probably answer next, or have just spoken."""
    for index, turn in enumerate(turns):
        for addressed in turn.evidence.addressed & column.keys():
            for neighbour, weight in ((index + 1, _ANSWERS), (index - 1, _ASKED)):
                if 0 <= neighbour < len(turns) and 1 <= abs(turns[neighbour].paragraph - turn.paragraph) <= 2:
                    emission[neighbour, column[addressed]] += weight


def _transition(before: Turn, after: Turn) -> float:
    """Score of two consecutive quotations by the same speaker; for different speakers, the score is 0."""
    distance = after.paragraph - before.paragraph
    if after.continues:
        return _CONTINUES
    if distance == 0:
        return _SAME_PARAGRAPH
    if distance == 1:
        return _SAME_SPEAKER_PARAGRAPHS
    return _SAME_AFTER_NARRATION if distance <= 3 else 0.0


def _alternation(posterior: Scores, turns: Sequence[Turn]) -> Scores:
    """Support for those who speak two paragraphs before or after a turn: without narration, speakers alternate."""
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
    """Support for those who also speak in nearby paragraphs: the logarithm of their share of the turns there."""
    at, first, inverse = np.unique([turn.paragraph for turn in turns], return_index=True, return_inverse=True)
    speakers = np.add.reduceat(posterior, first, axis=0)
    n_turns = np.bincount(inverse)
    shares, weights = np.zeros_like(speakers), np.zeros(len(at))
    for distance in range(1, _SCENE_PARAGRAPHS + 1):
        _, here, there = np.intersect1d(at, at - distance, assume_unique=True, return_indices=True)
        for one, other in ((here, there), (there, here)):
            shares[one] += speakers[other] / (1 + distance)
            weights[one] += n_turns[other] / (1 + distance)
    support: Scores = _SCENE * np.log(_SCENE_FLOOR + shares / np.maximum(weights, 1e-9)[:, None])
    return support[inverse]


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


def _forward_backward(emission: Scores, transitions: Sequence[float]) -> Scores:
    """Probability of each speaker of each quotation. Shape: [quotations, characters].

    Args:
        emission: score of each speaker of each quotation.
        transitions: for each quotation but the last, the score if the next one has the same speaker.
    """
    n = len(emission)
    forward, backward = np.zeros_like(emission), np.zeros_like(emission)
    forward[0] = emission[0]
    for i in range(1, n):
        forward[i] = emission[i] + _summed(forward[i - 1], transitions[i - 1])
    for i in range(n - 2, -1, -1):
        backward[i] = _summed(emission[i + 1] + backward[i + 1], transitions[i])
    joint = forward + backward
    joint -= joint.max(axis=1, keepdims=True)
    probability: Scores = np.exp(joint)
    result: Scores = probability / probability.sum(axis=1, keepdims=True)
    return result


def _summed(scores: Scores, own_score: float) -> Scores:
    """For each speaker, the log-sum-exp of all scores after `own_score` is added to the speaker's own."""
    maximum = scores.max()
    shares = np.exp(scores - maximum)
    summed: Scores = maximum + np.log(shares.sum() + shares * np.expm1(own_score))
    return summed
