"""Alignment of phonemes to notes: vowels start on the beat, consonants before it, and rests are silent.

Legend: N tokens of the phoneme string, T frames (50/s).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.frontend.singing.phrases import SungPhrase, SungSyllable
from hierbatch.frontend.symbols import SEPARATORS

_CONSONANT_SHARE = 0.45
"""Largest share of a syllable's time for consonants: its own coda, and the next onset unless a rest has room for it."""
_LATE_SHARE = 0.4
"""Largest share of the first syllable's time for its onset, if the time before its beat is too short."""
_LONGEST_CONSONANT_FRAMES = 9


@dataclass(frozen=True, slots=True)
class AlignedPhrase:
    """Frames of the tokens of a phrase, after `lead_frames` of silence.

    Shape:
        token_frames  [N]  duration of each token
        is_vowel      [T]  frames of vowels that carry a note
        is_rest       [T]  frames without any sound
    """

    lead_frames: int
    token_frames: tuple[int, ...]
    is_vowel: npt.NDArray[np.bool_]
    is_rest: npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Plan:
    """Consonant durations around one syllable, and the rest before its onset."""

    onset: list[int]
    coda: list[int]
    rest: int = 0
    late: int = 0
    """Frames of the onset after the beat."""


def align_phrase(phrase: SungPhrase, natural_frames: Sequence[int]) -> AlignedPhrase:
    """Distribute the frames of a phrase over its tokens; with the silence before them, they add up to its length.

    Args:
        phrase: notes and syllables.
        natural_frames: duration in frames of each token at the pace of speech, by which consonants are timed.

    Raises:
        ValueError: the number of durations is not that of the tokens.
    """
    tokens = phrase.phonemes.split()
    if len(natural_frames) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens need as many durations, but there are {len(natural_frames)}")
    places = list(_places(tokens, phrase.syllables))
    plans = [
        _Plan(
            _consonants(natural_frames, first, s.n_onset), _consonants(natural_frames, first + s.n_onset + 1, s.n_coda)
        )
        for first, s in zip(places, phrase.syllables, strict=True)
    ]
    _fit(plans, phrase.syllables)
    return _lay_out(phrase, tokens, places, plans)


def _places(tokens: Sequence[str], syllables: Sequence[SungSyllable]) -> Iterator[int]:
    """Index of the first token of each syllable."""
    at = 0
    for syllable in syllables:
        while tokens[at] in SEPARATORS:
            at += 1
        yield at
        at += syllable.n_onset + 1 + syllable.n_coda


def _consonants(natural_frames: Sequence[int], first: int, n_tokens: int) -> list[int]:
    return [min(_LONGEST_CONSONANT_FRAMES, max(1, n)) for n in natural_frames[first : first + n_tokens]]


def _fit(plans: Sequence[_Plan], syllables: Sequence[SungSyllable]) -> None:
    """Shorten consonants to the time that is available, and set the rest before each onset."""
    first, room = plans[0], syllables[0].onset_frame
    surplus_limit = int(_LATE_SHARE * (syllables[0].end_frame - syllables[0].onset_frame))
    first.onset = _shortened(first.onset, room + surplus_limit)
    first.late = max(0, sum(first.onset) - room)
    first.rest = room - (sum(first.onset) - first.late)
    for index, syllable in enumerate(syllables):
        plan = plans[index]
        body = syllable.end_frame - syllable.onset_frame - plan.late
        limit = min(int(_CONSONANT_SHARE * body), body - 1) if body > 1 else 0
        if index + 1 == len(syllables):
            plan.coda = _shortened(plan.coda, limit)
            continue
        following = plans[index + 1]
        gap = syllables[index + 1].onset_frame - syllable.end_frame
        inside = max(0, sum(following.onset) - gap)
        if sum(plan.coda) + inside > limit:
            # The consonants between two vowels are shortened alike.
            both = _shortened([*plan.coda, *following.onset], limit + min(gap, sum(following.onset)))
            plan.coda, following.onset = _shortened(both[: len(plan.coda)], limit), both[len(plan.coda) :]
        following.rest = max(0, gap - sum(following.onset))


def _shortened(frames: Sequence[int], limit: int) -> list[int]:
    """Durations scaled to a sum of at most `limit`; each keeps a frame as long as there are enough."""
    total = sum(frames)
    if total <= limit:
        return list(frames)
    if limit < len(frames):
        return [1 if index < limit else 0 for index in range(len(frames))]
    spare = limit - len(frames)
    ends = np.floor(np.cumsum([n - 1 for n in frames]) * spare / (total - len(frames))).astype(int)
    return [1 + int(n) for n in np.diff(ends, prepend=0)]


def _lay_out(phrase: SungPhrase, tokens: Sequence[str], places: Sequence[int], plans: Sequence[_Plan]) -> AlignedPhrase:
    frames = [0] * len(tokens)
    is_vowel, is_rest = np.zeros(phrase.n_frames, np.bool_), np.zeros(phrase.n_frames, np.bool_)
    at = plans[0].rest
    is_rest[:at] = True
    for index, (first_token, plan, syllable) in enumerate(zip(places, plans, phrase.syllables, strict=True)):
        nucleus = first_token + syllable.n_onset
        frames[first_token:nucleus] = plan.onset
        frames[nucleus + 1 : nucleus + 1 + syllable.n_coda] = plan.coda
        start = at + sum(plan.onset)
        following = plans[index + 1] if index + 1 < len(plans) else None
        end = _end_of_sound(syllable, phrase.syllables[index + 1] if following else None, following)
        frames[nucleus] = end - sum(plan.coda) - start
        is_vowel[start : end - sum(plan.coda)] = True
        rest = following.rest if following else phrase.n_frames - end
        is_rest[end : end + rest] = True
        separator = nucleus + 1 + syllable.n_coda
        # Inside a word there is no token for the silence.
        frames[separator if tokens[separator] in SEPARATORS else nucleus] += rest
        at = end + rest
    return AlignedPhrase(plans[0].rest, tuple(frames), is_vowel, is_rest)


def _end_of_sound(syllable: SungSyllable, following: SungSyllable | None, plan: _Plan | None) -> int:
    """Frame after the last one of a syllable, where the next onset or a rest begins."""
    if following is None or plan is None:
        return syllable.end_frame
    return following.onset_frame - sum(plan.onset) - plan.rest
