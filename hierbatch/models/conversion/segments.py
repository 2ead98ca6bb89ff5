"""Splitting of long recordings into segments for conversion, and joining of the converted segments.

Legend: L samples at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from hierbatch.audio.activity import TimeSpan
from hierbatch.audio.waveform import Samples, in_blocks
from hierbatch.constants import FRAME_HOP_SAMPLES, RATE_HZ

_MIN_SEGMENT_S, _MAX_SEGMENT_S = 15.0, 20.0
_CONTEXT_S = 1.0
_FADE_SAMPLES = 160
_BLOCK_FRAMES = 4096
_QUIET_FRAMES = 5
"""Number of 20 ms frames over which the power is smoothed before the search for the quietest frame."""


def align_spans_to_frames(spans: Sequence[TimeSpan], n_samples: int) -> list[tuple[int, int]]:
    """Sample ranges of spans, extended to whole 20 ms frames, without overlaps or empty ranges.

    Args:
        spans: time spans in seconds, in order.
        n_samples: length of the recording at 16 kHz.

    Returns:
        First and end (exclusive) sample at 16 kHz of each span.
    """
    found: list[tuple[int, int]] = []
    for span in spans:
        first = int(span.start_s * RATE_HZ + 0.5) // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES
        last = min(n_samples, -(-int(span.end_s * RATE_HZ + 0.5) // FRAME_HOP_SAMPLES) * FRAME_HOP_SAMPLES)
        first = max(first, found[-1][1] if found else 0)  # adjacent spans may share a frame
        if last > first:
            found.append((first, last))
    return found


def split_segments(samples: Samples) -> Iterator[tuple[int, int]]:
    """Yield first and end sample of segments of at most 20 s; all but the last end at the quietest frame after 15 s."""
    frames = samples[: len(samples) // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES].reshape(-1, FRAME_HOP_SAMPLES)
    power = [(block.astype(np.float64) ** 2).mean(axis=1) for block in in_blocks(frames, _BLOCK_FRAMES)]
    smooth = np.convolve(np.concatenate([np.zeros(0), *power]), np.ones(_QUIET_FRAMES) / _QUIET_FRAMES, mode="same")
    shortest, longest = (int(s * RATE_HZ) // FRAME_HOP_SAMPLES for s in (_MIN_SEGMENT_S, _MAX_SEGMENT_S))
    start = 0
    while len(smooth) - start > longest:
        end = start + shortest + int(np.argmin(smooth[start + shortest : start + longest]))
        yield start * FRAME_HOP_SAMPLES, end * FRAME_HOP_SAMPLES
        start = end
    yield start * FRAME_HOP_SAMPLES, len(samples)


def add_segment(output: Samples, segment: Samples, first: int, start: int, end: int) -> None:
    """Add a converted segment to the output, without its context and cross-faded with its neighbors.

    Args:
        output: samples of the whole recording, changed in place.
        segment: converted samples, context included.
        first: position of `segment[0]` in the output.
        start: first sample of the segment without its context.
        end: end sample of the segment without its context.
    """
    fade = (0.5 - 0.5 * np.cos(np.pi * (np.arange(2 * _FADE_SAMPLES) + 0.5) / (2 * _FADE_SAMPLES))).astype(np.float32)
    left = start - _FADE_SAMPLES if start else 0
    right = min(len(output), end + _FADE_SAMPLES)
    kept = segment[left - first : right - first].copy()
    if start:
        kept[: len(fade)] *= fade[: len(kept)]
    if right > end:
        kept[-len(fade) :] *= fade[::-1]
    output[left:right] += kept


class InPlaceOutput:
    """Output of a conversion that is written over its source, so that only one of them is in memory.

    Segments are added in temporal order; only samples before the context of the next segment are overwritten.

    Shape:
        samples  [L]  changed in place
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._n_replaced = 0
        self._pending: Samples = np.zeros(0, np.float32)  # converted, not yet in place

    def add(self, segment: Samples, start: int, end: int) -> None:
        """Add a converted segment; `start` and `end` are its position without the context, as in `add_segment`."""
        n_samples, offset = len(self._samples), self._n_replaced
        missing = min(n_samples, end + _FADE_SAMPLES) - offset - len(self._pending)
        self._pending = np.concatenate([self._pending, np.zeros(max(0, missing), np.float32)])
        first = with_context(start, end, n_samples)[0]
        add_segment(self._pending, segment, first - offset, start - offset, end - offset)

    def replace(self, end: int) -> None:
        """Overwrite the samples before `end` with the output; gaps between segments become silence."""
        ready, self._pending = np.split(self._pending, [max(0, end - self._n_replaced)])
        self._samples[self._n_replaced : self._n_replaced + len(ready)] = ready
        self._samples[self._n_replaced + len(ready) : end] = 0
        self._n_replaced = max(end, self._n_replaced)


def with_context(start: int, end: int, n_samples: int) -> tuple[int, int]:
    """First and end sample of a segment with up to one second of context on either side."""
    context = int(_CONTEXT_S * RATE_HZ)
    return max(0, start - context), min(n_samples, end + context)
