"""Where a recording of any length is cut for conversion, and how its pieces are put together again.

Legend: L samples at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from hierbatch.audio.activity import Span
from hierbatch.audio.waveform import Samples
from hierbatch.units import FRAME_HOP_SAMPLES, RATE_HZ

_SHORTEST_PIECE_S, _LONGEST_PIECE_S = 15.0, 20.0
_CONTEXT_S = 1.0
_FADE_SAMPLES = 160
_QUIET_FRAMES = 5
"""Content frames (20 ms) over which the power is smoothed before the quietest is looked for."""


def whole_frames(spans: Sequence[Span], n_samples: int) -> list[tuple[int, int]]:
    """First and last sample at 16 kHz of each span, out to whole frames of 20 ms; none overlapping, none empty."""
    found: list[tuple[int, int]] = []
    for span in spans:
        first = int(span.start_s * RATE_HZ + 0.5) // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES
        last = min(n_samples, -(-int(span.end_s * RATE_HZ + 0.5) // FRAME_HOP_SAMPLES) * FRAME_HOP_SAMPLES)
        first = max(first, found[-1][1] if found else 0)  # two spans may share the frame they meet in
        if last > first:
            found.append((first, last))
    return found


def cut_pieces(samples: Samples) -> Iterator[tuple[int, int]]:
    """First and last sample of pieces of at most 20 s, cut on a frame, at the quietest place after 15 s."""
    power = (samples[: len(samples) // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES].astype(np.float64) ** 2).reshape(
        -1, FRAME_HOP_SAMPLES
    )
    smooth = np.convolve(power.mean(axis=1), np.ones(_QUIET_FRAMES) / _QUIET_FRAMES, mode="same")
    shortest, longest = (int(s * RATE_HZ) // FRAME_HOP_SAMPLES for s in (_SHORTEST_PIECE_S, _LONGEST_PIECE_S))
    start = 0
    while len(smooth) - start > longest:
        end = start + shortest + int(np.argmin(smooth[start + shortest : start + longest]))
        yield start * FRAME_HOP_SAMPLES, end * FRAME_HOP_SAMPLES
        start = end
    yield start * FRAME_HOP_SAMPLES, len(samples)


def add_piece(made: Samples, piece: Samples, first: int, start: int, end: int) -> None:
    """The piece between its cuts, faded into its neighbours there; its context is left away."""
    fade = (0.5 - 0.5 * np.cos(np.pi * (np.arange(2 * _FADE_SAMPLES) + 0.5) / (2 * _FADE_SAMPLES))).astype(np.float32)
    left = start - _FADE_SAMPLES if start else 0
    right = min(len(made), end + _FADE_SAMPLES)
    kept = piece[left - first : right - first].copy()
    if start:
        kept[: len(fade)] *= fade[: len(kept)]
    if right > end:
        kept[-len(fade) :] *= fade[::-1]
    made[left:right] += kept


def with_context(start: int, end: int, n_samples: int) -> tuple[int, int]:
    """A piece's first and last sample with a second of its neighbours, as far as there are any."""
    context = int(_CONTEXT_S * RATE_HZ)
    return max(0, start - context), min(n_samples, end + context)
