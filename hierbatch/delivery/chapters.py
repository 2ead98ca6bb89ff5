"""Streaming assembly of a chapter: each take at its position, with silence between takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hierbatch.audio.joining import fade_edges, silence
from hierbatch.audio.level_meter import LevelMeter
from hierbatch.audio.resample import Resampler, resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.delivery.takes import BookTake
from hierbatch.delivery.timeline import ChapterTimeline, PlacedTake
from hierbatch.errors import RunError

_FADE_S = 0.005
_SILENCE_BLOCK_S = 1.0

ReadSounds = Callable[[Sequence[BookTake]], Iterator[Waveform]]


def assemble_chapter(
    timeline: ChapterTimeline, read_sounds: ReadSounds, to_rate: Resampler = resample
) -> Iterator[Samples]:
    """Yield a chapter's mono audio in blocks of any length, decoding one take at a time.

    Args:
        timeline: positions of the takes; the blocks add up to exactly `timeline.n_samples`.
        read_sounds: function that yields the waveforms of the given takes in order.
        to_rate: function that resamples a waveform to a rate in Hz.

    Raises:
        RunError: a take's audio is damaged, or its length or rate differs from its row.
    """
    position = 0
    sounds = read_sounds([placement.take for placement in timeline.placements])
    for placement, waveform in zip(timeline.placements, sounds, strict=True):
        sound = _prepare_take(placement, waveform, timeline.rate_hz, to_rate)
        yield from _silence(placement.start_sample - position, timeline.rate_hz)
        start = max(0, position - placement.start_sample)
        end = min(placement.n_samples, timeline.n_samples - placement.start_sample)
        yield sound[start:end]
        position = placement.start_sample + end
    yield from _silence(timeline.n_samples - position, timeline.rate_hz)


def edge_silence_s(waveform: Waveform) -> tuple[float, float]:
    """Leading and trailing silence inside a take, in seconds."""
    meter = LevelMeter(waveform.rate_hz)
    meter.push(waveform.samples)
    return meter.edge_silence_s()


def _prepare_take(placement: PlacedTake, waveform: Waveform, rate_hz: int, to_rate: Resampler) -> Samples:
    """Check a take's audio against its row, fade its edges and resample it."""
    take = placement.take
    if (waveform.n_samples, waveform.rate_hz) != (take.n_samples, take.rate_hz):
        raise RunError(
            f"The audio of row {take.id} does not match its row",
            expected=f"{take.n_samples} samples at {take.rate_hz} Hz",
            got=f"{waveform.n_samples} samples at {waveform.rate_hz} Hz",
            fix=f"hierbatch retry RUN --id {take.id}",
        )
    faded = Waveform(fade_edges(waveform.samples, round(_FADE_S * waveform.rate_hz)), waveform.rate_hz)
    return to_rate(faded, rate_hz).samples


def _silence(n_samples: int, rate_hz: int) -> Iterator[Samples]:
    block = round(_SILENCE_BLOCK_S * rate_hz)
    for start in range(0, n_samples, block):
        yield silence(min(block, n_samples - start))
