"""Word timings from the token durations of the model; no forced aligner is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.manifest.columns.rows import Timing

_MARKS = frozenset(",.?!")
_BOUNDARY = "|"


def word_timings(text_norm: str, phonemes: str, token_frames: Sequence[int], lead_frames: int) -> tuple[Timing, ...]:
    """Timings of words and pauses in order, in seconds from the first sample.

    Args:
        text_norm: normalized text; empty if the row has phonemes only, in which case words are written as phones.
        phonemes: tokens separated by spaces.
        token_frames: duration of each token, in frames (`FRAMES_PER_SECOND`).
        lead_frames: frames before the first token.

    Returns:
        Timings of kind `word` or `pause`; the text of a pause is its punctuation mark. Silence at a plain word boundary
        belongs to neither word.

    Raises:
        ValueError: the numbers of tokens and durations differ.
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


def word_spans(phonemes: str, token_frames: Sequence[int], lead_frames: int) -> list[tuple[int, int]]:
    """First frame of each word, and the frame after its last frame; the words are those of `word_timings`.

    Args:
        phonemes: tokens separated by spaces.
        token_frames: duration of each token, in frames (`FRAMES_PER_SECOND`).
        lead_frames: frames before the first token.
    """
    groups = _groups(phonemes.split(), token_frames, lead_frames)
    return [(start, end) for phones, start, end in groups if phones[0] not in _MARKS]


def _timing(text: str, start: int, end: int, kind: str) -> Timing:
    return Timing(text, start / FRAMES_PER_SECOND, end / FRAMES_PER_SECOND, kind)


def _groups(tokens: Sequence[str], frames: Sequence[int], start: int) -> Iterator[tuple[list[str], int, int]]:
    """Yield words as lists of phones, and single punctuation marks, each with its start and end frame."""
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
