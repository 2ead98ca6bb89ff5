"""When each word is heard, from the durations the model itself spoke by: no aligner, no guess."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hierbatch.manifest.rows import Timing
from hierbatch.units import FRAMES_PER_SECOND

_MARKS = frozenset(",.?!")
_BOUNDARY = "|"


def word_timings(text_norm: str, phonemes: str, token_frames: Sequence[int], lead_frames: int) -> tuple[Timing, ...]:
    """Words and pauses in order, in seconds from the first sample.

    A word is written as in `text_norm`, or by its phones where the row brought phonemes without text. A pause carries
    the mark it stands for; the silence of a plain word boundary belongs to neither word.

    Raises:
        ValueError: the number of tokens and of durations differ.
    """
    written = text_norm.split()
    timings: list[Timing] = []
    n_words = 0
    for phones, start, end in _groups(phonemes.split(), token_frames, lead_frames):
        if phones[0] in _MARKS:
            if end > start:
                timings.append(_timing(phones[0], start, end, "pause"))
            continue
        word = written[n_words] if n_words < len(written) else "".join(phones)
        timings.append(_timing(word, start, end, "word"))
        n_words += 1
    return tuple(timings)


def _timing(text: str, start: int, end: int, kind: str) -> Timing:
    return Timing(text, start / FRAMES_PER_SECOND, end / FRAMES_PER_SECOND, kind)


def _groups(tokens: Sequence[str], frames: Sequence[int], start: int) -> Iterator[tuple[list[str], int, int]]:
    """Words as lists of phones, and marks alone, each with its first frame and the one after its last."""
    word: list[str] = []
    word_start = end = start
    for token, n_frames in zip(tokens, frames, strict=True):
        start, end = end, end + n_frames
        if token == _BOUNDARY or token in _MARKS:
            if word:
                yield word, word_start, start
                word = []
            if token in _MARKS:
                yield [token], start, end
        else:
            word_start = word_start if word else start
            word.append(token)
    if word:
        yield word, word_start, end
