"""Words of a text as written, with their times in the audio and reasons to doubt them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median
from typing import Any

from hierbatch.frontend.phonemes import split_words

MIN_RATIO = 2.5
"""Minimum ratio of a doubtful word's semantic distance to the median of the run (benchmarks/doubtful_words.py)."""
_MAX_PACE_RATIO = 3.0
"""A word is doubtful if its mean phone duration exceeds the median of its sentence by more than this factor."""
_MIN_DOUBTFUL_S = 0.45


@dataclass(frozen=True, slots=True)
class WrittenWord:
    """Word as written, with its time span in the take and the reason to doubt it (empty without doubt)."""

    text: str
    start_s: float
    end_s: float
    doubt: str = ""


Timing = Mapping[str, Any]
"""Entry of the column `timings`."""


def written_words(
    text: str,
    timings: Sequence[Timing] | None,
    phonemes: str = "",
    transcript: str = "",
    ratios: Sequence[float] = (),
) -> list[WrittenWord]:
    """Align the words of a text with the word timings of its take.

    A number can be one written word but several spoken words; a dash is a written word without a spoken word.

    Args:
        text: text as written.
        timings: words and pauses of the take.
        phonemes: phonemes of the take; empty if unknown.
        transcript: transcript of the take by a recognizer; empty if there is none.
        ratios: semantic distance of each spoken word divided by the usual distance; ignored if the number differs from
            that of the spoken words.
    """
    spoken = [timing for timing in timings or () if timing["kind"] == "word"]
    written = text.split()
    if not spoken:
        return [WrittenWord(word, 0.0, 0.0) for word in written]
    doubts = _pace_doubts(spoken, phonemes)
    if len(ratios) == len(spoken):
        doubts |= {
            at: f"{ratio:.1f} times as far from its text as usual"
            for at, ratio in enumerate(ratios)
            if ratio > MIN_RATIO
        }
    doubts |= _transcript_doubts([word["text"] for word in spoken], transcript)
    words: list[WrittenWord] = []
    for first, last, start, end in _aligned([_plain(word) for word in written], [_plain(w["text"]) for w in spoken]):
        doubt = next((doubts[at] for at in range(start, end) if at in doubts), "")
        words += _spread(written[first:last], spoken, start, end, doubt)
    return words


def _aligned(written: Sequence[str], spoken: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the start and end of each range of written words, then those of the corresponding spoken words."""
    if len(written) == len(spoken):
        yield from ((at, at + 1, at, at + 1) for at in range(len(written)))
        return
    for _, first, last, start, end in SequenceMatcher(None, written, spoken, autojunk=False).get_opcodes():
        if last - first == end - start:
            yield from ((first + at, first + at + 1, start + at, start + at + 1) for at in range(last - first))
        else:
            yield first, last, start, end


def _spread(
    written: Sequence[str], spoken: Sequence[Timing], start: int, end: int, doubt: str
) -> Iterator[WrittenWord]:
    """Divide the time span of `spoken[start:end]` among the written words in proportion to their letters."""
    if start < end:
        begin_s, end_s = spoken[start]["start_s"], spoken[end - 1]["end_s"]
    else:
        begin_s = end_s = spoken[start - 1]["end_s"] if start else spoken[0]["start_s"]
    n_letters = [len(_plain(word)) for word in written]
    total, done = sum(n_letters) or 1, 0
    for word, n in zip(written, n_letters, strict=True):
        from_s, done = begin_s + (end_s - begin_s) * done / total, done + n
        yield WrittenWord(word, from_s, begin_s + (end_s - begin_s) * done / total, doubt if n else "")


def _plain(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())


def _pace_doubts(spoken: Sequence[Timing], phonemes: str) -> dict[int, str]:
    """Reasons to doubt words with unusually long phones, by index of the spoken word."""
    words = [phones for phones, _ in split_words(phonemes) if phones]
    if len(words) != len(spoken) or len(words) < 4:
        return {}
    lengths_s = [word["end_s"] - word["start_s"] for word in spoken]
    paces = [length_s / max(1, len(phones)) for length_s, phones in zip(lengths_s, words, strict=True)]
    usual = median(paces)
    return {
        at: f"{pace / usual:.1f} times as long as usual"
        for at, (pace, length_s) in enumerate(zip(paces, lengths_s, strict=True))
        if length_s > _MIN_DOUBTFUL_S and pace > _MAX_PACE_RATIO * usual
    }


def _transcript_doubts(spoken: Sequence[str], transcript: str) -> dict[int, str]:
    """Reasons to doubt words that differ from the transcript, by index of the spoken word."""
    if not transcript:
        return {}
    expected = [_plain(word) for word in spoken]
    recognized = transcript.split()
    found = [_plain(word) for word in recognized]
    doubts: dict[int, str] = {}
    for kind, first, last, start, end in SequenceMatcher(None, expected, found, autojunk=False).get_opcodes():
        # Languages differ in their spaces: the letters decide.
        if kind != "equal" and "".join(expected[first:last]) != "".join(found[start:end]):
            reason = f"recognized as “{' '.join(recognized[start:end])}”" if start < end else "not recognized"
            doubts |= dict.fromkeys(range(first, last), reason)
    return doubts
