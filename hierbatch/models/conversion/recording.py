"""Voice conversion of recordings of any length, in segments that start and end at quiet moments.

The pitch contour is transposed over the whole recording before it is split into segments.

Legend: L samples at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hierbatch.audio.activity import TimeSpan
from hierbatch.audio.level import below_full_scale
from hierbatch.audio.matching import SpeechLoudness, matched_blocks, measure_speech_loudness
from hierbatch.audio.pitch import (
    F0,
    estimate_f0,
)
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.resample import BlockResampler, read_resampled, resample, resample_blocks, resampled_length
from hierbatch.audio.waveform import RereadableSound, Samples, Waveform
from hierbatch.constants import MEL_HOP_SAMPLES, RATE_HZ
from hierbatch.errors import SynthesisError
from hierbatch.models.conversion.contour import FINE_HOP_SAMPLES, transposed_contour
from hierbatch.models.conversion.interface import ConversionModel, ConversionRequest, Transposition
from hierbatch.models.conversion.segments import InPlaceOutput, align_spans_to_frames, split_segments, with_context


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionJob:
    """Recording to convert; `voice` is the value returned by the model's `encode_voice`.

    At the source's own rate the output has the same number of samples as the source; at another `rate_hz` it has the
    same duration. With `spans`, only those parts are converted: pitch and loudness are measured inside them, the rest
    is silence, and each span fades in and out over 20 ms around its ends.
    """

    source: Waveform | RereadableSound
    voice: Any
    seed: int
    transposition: Transposition = field(default_factory=Transposition)
    rate_hz: int | None = None
    spans: Sequence[TimeSpan] | None = None


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """Converted recording and its F0, 0 where unvoiced.

    The recording is in memory at 16 kHz, and is resampled to the output rate block by block.
    """

    converted: Waveform
    """Output of the model, at 16 kHz."""
    loudness: SpeechLoudness
    """Loudness of the source, to which the result is matched."""
    f0_hz: F0
    rate_hz: int
    max_samples: int | None
    """Number of samples of the source if the result has the same rate, otherwise None."""
    to_rate: BlockResampler = resample_blocks

    def blocks(self) -> Iterator[Samples]:
        """Yield the result at the output rate in blocks; unlike in `waveform`, peaks that clip are not attenuated."""
        # The 16 kHz length is rounded up, so resampling back may give one sample too many.
        n_left = self.max_samples
        for block in self.to_rate(self.matched_blocks(), self.converted.rate_hz, self.rate_hz):
            yield block if n_left is None else block[:n_left]
            n_left = None if n_left is None else max(0, n_left - len(block))

    def matched_blocks(self) -> Iterator[Samples]:
        """Yield the result at 16 kHz in blocks, each [L], with the loudness of the source."""
        return matched_blocks(self.converted, self.loudness)

    @cached_property
    def waveform(self) -> Waveform:
        """The whole result at the output rate, attenuated if peaks would clip."""
        return below_full_scale(Waveform(np.concatenate([np.zeros(0, np.float32), *self.blocks()]), self.rate_hz))


def convert_recording(
    model: ConversionModel,
    source: Waveform | RereadableSound,
    voice: Any,
    *,
    seed: int,
    transposition: Transposition = Transposition(),  # noqa: B008 - a frozen value
    rate_hz: int | None = None,
    track: PitchTracker = estimate_f0,
    spans: Sequence[TimeSpan] | None = None,
) -> Conversion:
    """Convert one recording to another voice, keeping its words and melody; see `ConversionJob`.

    One constant gain restores the loudness of the source. The recording is in memory once, at 16 kHz.

    Args:
        model: conversion model.
        source: recording at any rate.
        voice: target voice, from the model's `encode_voice`.
        seed: seed of the synthesis noise.
        transposition: transposition of the pitch contour.
        rate_hz: output rate; the source's rate by default.
        track: pitch tracker for the source; that of the target was an argument of `encode_voice`.
        spans: parts to convert; by default the whole recording.

    Raises:
        SynthesisError: the model returned samples that are not finite.
        SourceError: the source is too short for the tracker.
    """
    job = ConversionJob(
        source=source, voice=voice, seed=seed, transposition=transposition, rate_hz=rate_hz, spans=spans
    )
    return convert_recordings(model, [job], track)[0]


def convert_recordings(
    model: ConversionModel,
    jobs: Iterable[ConversionJob],
    track: PitchTracker = estimate_f0,
    *,
    to_rate: BlockResampler = resample_blocks,
    batched: bool = False,
) -> list[Conversion]:
    """Convert several recordings, like `convert_recording`.

    Args:
        model: conversion model.
        jobs: recordings with their settings; if this is an iterator, the sources do not stay in memory.
        track: pitch tracker for the sources.
        to_rate: resampler from 16 kHz to the output rate.
        batched: run the segments of all recordings in one batch; meant for short recordings.

    Raises:
        SynthesisError: the model returned samples that are not finite.
        SourceError: a source is too short for the tracker.
    """
    recordings = [_SegmentedRecording(model, job, track) for job in jobs]
    segments = [(recording, segment) for recording in recordings for segment in recording.segments]
    for batch in [segments] if batched else [[one] for one in segments]:
        outputs = model.convert_all([recording.request(segment) for recording, segment in batch])
        for (recording, segment), output in zip(batch, outputs, strict=True):
            recording.add(segment, output)
    return [recording.finish(to_rate) for recording in recordings]


class _SegmentedRecording:
    """State of one recording during conversion: resampled sound, transposed pitch, segments, and the joined output."""

    def __init__(self, model: ConversionModel, job: ConversionJob, track: PitchTracker) -> None:
        # The source itself is not kept: of a long recording it takes most of the memory.
        self._voice, self._seed = job.voice, job.seed
        self._is_song = job.transposition.keeps_intervals
        self._rate_hz = job.rate_hz or job.source.rate_hz
        self._max_samples = job.source.n_samples if self._rate_hz == job.source.rate_hz else None
        self._padded, self._n_samples = _read_padded(model, job.source)
        n_samples = len(self._padded)
        chosen = [(0, n_samples)] if job.spans is None else align_spans_to_frames(job.spans, n_samples)
        reference = Waveform(self._padded[: self._n_samples], RATE_HZ)
        if job.spans is not None:
            reference = _only(reference, chosen)
        self._loudness = measure_speech_loudness(reference)
        self._padded *= np.float32(model.input_spec.gain(reference))
        del reference
        spans = [(first, split_segments(self._padded[first:last])) for first, last in chosen]
        self.segments = [
            (number, first + start, first + end)
            for number, (first, (start, end)) in enumerate((first, cut) for first, cuts in spans for cut in cuts)
        ]
        """Index, first sample and end sample of each segment."""
        sound = Waveform(self._padded, RATE_HZ)
        self._contour = transposed_contour(model, job.voice, job.transposition, sound, track, chosen)
        self._output = InPlaceOutput(self._padded)

    def request(self, segment: tuple[int, int, int]) -> ConversionRequest:
        number, start, end = segment
        first, last = with_context(start, end, len(self._padded))
        frames = slice(first // MEL_HOP_SAMPLES, last // MEL_HOP_SAMPLES)
        fine = slice(first // FINE_HOP_SAMPLES, last // FINE_HOP_SAMPLES)
        return ConversionRequest(
            samples=self._padded[first:last],
            f0_hz=self._contour.f0_hz[frames],
            voiced=self._contour.is_voiced[frames],
            voice=self._voice,
            seed=(self._seed + number) % (1 << 63),
            normalized_f0=None if self._contour.normalized is None else self._contour.normalized[fine],
            is_song=self._is_song,
        )

    def add(self, segment: tuple[int, int, int], output: Samples) -> None:
        """Add the output of the next segment, and overwrite the input that no later segment needs as context.

        Raises:
            SynthesisError: the output has samples that are not finite.
        """
        if not np.isfinite(output).all():
            raise SynthesisError("The model returned samples that are not finite")
        number, start, end = segment
        self._output.add(output, start, end)
        n_samples = len(self._padded)
        _, next_start, next_end = (
            self.segments[number + 1] if number + 1 < len(self.segments) else (0, n_samples, n_samples)
        )
        self._output.replace(with_context(next_start, next_end, n_samples)[0])

    def finish(self, to_rate: BlockResampler) -> Conversion:
        self._output.replace(len(self._padded))
        return Conversion(
            converted=Waveform(self._padded[: self._n_samples], RATE_HZ),
            loudness=self._loudness,
            f0_hz=np.where(self._contour.is_voiced, self._contour.f0_hz, 0).astype(np.float32),
            rate_hz=self._rate_hz,
            max_samples=self._max_samples,
            to_rate=to_rate,
        )


def _read_padded(model: ConversionModel, source: Waveform | RereadableSound) -> tuple[Samples, int]:
    """Read a source at 16 kHz, padded with silence as the model requires; return it and its unpadded length."""
    spec = model.input_spec
    if spec.resample is resample:
        n_samples = resampled_length(source.n_samples, source.rate_hz, RATE_HZ)
        return read_resampled(source, RATE_HZ, spec.padded_length(n_samples)).samples, n_samples
    # Other resamplers need the whole sound.
    whole = source if isinstance(source, Waveform) else read_resampled(source, source.rate_hz)
    samples = spec.resample(whole, RATE_HZ).samples
    return np.pad(samples, (0, spec.padded_length(len(samples)) - len(samples))), len(samples)


def _only(waveform: Waveform, spans: Sequence[tuple[int, int]]) -> Waveform:
    """Copy of a sound with silence outside the spans, given as sample ranges (end exclusive)."""
    samples = np.zeros_like(waveform.samples)
    for start, end in spans:
        samples[start:end] = waveform.samples[start:end]
    return Waveform(samples, waveform.rate_hz)
