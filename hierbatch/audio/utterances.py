"""Division of long recordings into utterances at pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hierbatch.audio.activity import TimeSpan
from hierbatch.audio.waveform import Waveform

_FRAME_S = 0.02
_LONGEST_PAUSE_S = 0.8
"""Longest pause inside an utterance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceLimits:
    """Shortest and longest utterance in seconds; the longest is at least twice the shortest."""

    min_duration_s: float = 2.0
    max_duration_s: float = 15.0


def divide_speech(
    waveform: Waveform,
    speech: Sequence[TimeSpan],
    limits: UtteranceLimits = UtteranceLimits(),  # noqa: B008
) -> tuple[TimeSpan, ...]:
    """Join intervals of speech across short pauses and divide those that are too long at their quietest moments.

    Args:
        waveform: the recording.
        speech: intervals with speech, in order of time.
        limits: lengths of the utterances; shorter ones are left out.
    """
    divided = (part for span in _join(speech, limits) for part in _divide(waveform, span, limits))
    return tuple(span for span in divided if span.duration_s >= limits.min_duration_s)


def take_span(waveform: Waveform, span: TimeSpan) -> Waveform:
    """Cut a span out of a recording."""
    first, last = round(span.start_s * waveform.rate_hz), round(span.end_s * waveform.rate_hz)
    return Waveform(waveform.samples[first:last], waveform.rate_hz)


def _join(speech: Iterable[TimeSpan], limits: UtteranceLimits) -> Iterator[TimeSpan]:
    joined: TimeSpan | None = None
    for span in speech:
        is_near = joined is not None and span.start_s - joined.end_s <= _LONGEST_PAUSE_S
        if joined is not None and is_near and span.end_s - joined.start_s <= limits.max_duration_s:
            joined = TimeSpan(joined.start_s, span.end_s)
            continue
        if joined is not None:
            yield joined
        joined = span
    if joined is not None:
        yield joined


def _divide(waveform: Waveform, span: TimeSpan, limits: UtteranceLimits) -> Iterator[TimeSpan]:
    """Divide a span at its quietest frame until every part is short enough."""
    remaining = [span]
    while remaining:
        one = remaining.pop()
        if one.duration_s <= limits.max_duration_s:
            yield one
            continue
        middle_s = one.start_s + _quietest_s(take_span(waveform, one), limits)
        remaining += [TimeSpan(middle_s, one.end_s), TimeSpan(one.start_s, middle_s)]


def _quietest_s(waveform: Waveform, limits: UtteranceLimits) -> float:
    """Time in seconds of the quietest cut that keeps both parts above the minimum and the first below the maximum."""
    hop = max(1, round(_FRAME_S * waveform.rate_hz))
    n_frames = waveform.n_samples // hop
    power = (waveform.samples[: n_frames * hop].reshape(n_frames, hop).astype(np.float64) ** 2).mean(1)
    smooth = np.convolve(power, np.ones(5) / 5, "same")
    first = round(limits.min_duration_s / _FRAME_S)
    last = round(min(limits.max_duration_s, waveform.duration_s - limits.min_duration_s) / _FRAME_S)
    return float((first + int(np.argmin(smooth[first : max(first + 1, last)]))) * _FRAME_S)
