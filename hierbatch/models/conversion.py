"""A recording of any length in another voice: pitch placed over the whole, worked in pieces cut where it is quiet.

Legend: L samples at 16 kHz, T pitch frames (100/s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hierbatch.audio.activity import Span
from hierbatch.audio.level import below_full_scale
from hierbatch.audio.matching import match_loudness
from hierbatch.audio.pitch import F0, PitchRange, estimate_f0, estimate_long_f0, fill_unvoiced, measure_pitch_range
from hierbatch.audio.pitch_trackers import FinePitchTracker, PitchTracker
from hierbatch.audio.resample import ToRate, resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import SynthesisError
from hierbatch.models.conversion_pieces import add_piece, cut_pieces, whole_frames, with_context
from hierbatch.models.converter import ConversionModel, ConversionRequest, Key
from hierbatch.units import MEL_HOP_SAMPLES, RATE_HZ

_FINE_HOP_SAMPLES = MEL_HOP_SAMPLES // 2
_LEAST_SPREAD_RATIO, _MOST_SPREAD_RATIO = 0.75, 1.33
"""How far a contour is flattened or stretched: a few seconds of prompt do not tell a speaker's whole liveliness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionJob:
    """A recording and what is to become of it; `voice` is what the model's `encode_voice` gave.

    At the source's own rate the result has as many samples as the source, at another `rate_hz` as many as cover the
    same time. With `spans` only these are converted, pitch and loudness are measured in them alone, and silence stands
    between them; they rise and fall over 20 ms about their ends.
    """

    source: Waveform
    voice: Any
    seed: int
    key: Key = field(default_factory=Key)
    rate_hz: int | None = None
    spans: Sequence[Span] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A converted recording and its pitch, 0 where unvoiced."""

    waveform: Waveform
    f0_hz: F0


def convert_recording(
    model: ConversionModel,
    source: Waveform,
    voice: Any,
    *,
    seed: int,
    key: Key = Key(),  # noqa: B008 - a frozen value
    rate_hz: int | None = None,
    track: PitchTracker = estimate_f0,
    spans: Sequence[Span] | None = None,
) -> Conversion:
    """The same words and melody in another voice, as loud as the source by one gain; see `ConversionJob`.

    `track` finds the source's pitch; that of the voice was found when the model heard it. Worked piece by piece, in the
    memory that a piece takes.

    Raises:
        SynthesisError: the model gave nothing usable.
        SourceError: the source is too short for the tracker.
    """
    job = ConversionJob(source=source, voice=voice, seed=seed, key=key, rate_hz=rate_hz, spans=spans)
    return convert_recordings(model, [job], track)[0]


def convert_recordings(
    model: ConversionModel,
    jobs: Sequence[ConversionJob],
    track: PitchTracker = estimate_f0,
    *,
    to_rate: ToRate = resample,
    at_once: bool = False,
) -> list[Conversion]:
    """The same of several recordings, brought from 16 kHz to their rates by `to_rate`.

    `at_once` their pieces go through the model together, which is for short ones.

    Raises:
        SynthesisError, SourceError: as `convert_recording`, for any of them.
    """
    works = [_Work(model, job, track) for job in jobs]
    pieces = [(work, piece) for work in works for piece in work.pieces]
    for batch in [pieces] if at_once else [[one] for one in pieces]:
        sounds = model.convert_all([work.request(piece) for work, piece in batch])
        for (work, piece), sound in zip(batch, sounds, strict=True):
            work.add(piece, sound)
    return [work.finish(to_rate) for work in works]


class _Work:
    """One recording on its way: heard, its pitch placed, cut into pieces, put together again."""

    def __init__(self, model: ConversionModel, job: ConversionJob, track: PitchTracker) -> None:
        self._job = job
        heard = model.manner.resample(job.source, RATE_HZ)
        n_samples = model.manner.padded_length(heard.n_samples)
        padded = np.pad(heard.samples, (0, n_samples - heard.n_samples))
        chosen = [(0, n_samples)] if job.spans is None else whole_frames(job.spans, n_samples)
        inside = np.zeros(n_samples, np.float32)
        for start, end in chosen:
            inside[start:end] = 1
        self._reference = Waveform(heard.samples * inside[: heard.n_samples], RATE_HZ)
        self._padded = padded * np.float32(model.manner.gain(self._reference))
        self._made = np.zeros(n_samples, np.float32)
        spans = [(first, cut_pieces(self._padded[first:last])) for first, last in chosen]
        self.pieces = [
            (number, first + start, first + end)
            for number, (first, (start, end)) in enumerate((first, cut) for first, cuts in spans for cut in cuts)
        ]
        """Number, first and last sample of each."""
        self._place(model, track, inside)

    def _place(self, model: ConversionModel, track: PitchTracker, inside: Samples) -> None:
        sound, job = Waveform(self._padded, RATE_HZ), self._job
        place = model.manner.place_finely
        self._placed: F0 | None = None
        if place and isinstance(track, FinePitchTracker) and job.key.about == "target":
            fine = estimate_long_f0(sound, track.finely, hop_samples=_FINE_HOP_SAMPLES) * inside[::_FINE_HOP_SAMPLES]
            self._placed = place(fine, job.voice, job.key)
            self._moved = np.expm1(self._placed[1::2])
            self._is_voiced = self._moved > 0
            return
        f0_hz = estimate_long_f0(sound, track) * inside[::MEL_HOP_SAMPLES]
        self._moved = place_pitch(f0_hz, model.pitch_range(job.voice), job.key)
        self._is_voiced = f0_hz > 0

    def request(self, piece: tuple[int, int, int]) -> ConversionRequest:
        number, start, end = piece
        first, last = with_context(start, end, len(self._padded))
        frames = slice(first // MEL_HOP_SAMPLES, last // MEL_HOP_SAMPLES)
        fine = slice(first // _FINE_HOP_SAMPLES, last // _FINE_HOP_SAMPLES)
        return ConversionRequest(
            samples=self._padded[first:last],
            f0_hz=self._moved[frames],
            voiced=self._is_voiced[frames],
            voice=self._job.voice,
            seed=(self._job.seed + number) % (1 << 63),
            placed=None if self._placed is None else self._placed[fine],
        )

    def add(self, piece: tuple[int, int, int], sound: Samples) -> None:
        _, start, end = piece
        add_piece(self._made, sound, with_context(start, end, len(self._padded))[0], start, end)

    def finish(self, to_rate: ToRate) -> Conversion:
        if not np.isfinite(self._made).all():
            raise SynthesisError("The model gave samples that are not numbers")
        source = self._job.source
        made = Waveform(self._made[: self._reference.n_samples], RATE_HZ)
        waveform = to_rate(match_loudness(made, self._reference), self._job.rate_hz or source.rate_hz)
        if waveform.rate_hz == source.rate_hz:
            # 16 kHz samples cover the source's time rounded up: there and back may be a sample more.
            waveform = Waveform(waveform.samples[: source.n_samples], source.rate_hz)
        waveform = below_full_scale(waveform)  # between samples of one rate the next may lie higher
        return Conversion(waveform=waveform, f0_hz=np.where(self._is_voiced, self._moved, 0).astype(np.float32))


def place_pitch(f0_hz: F0, target: PitchRange, key: Key = Key()) -> F0:  # noqa: B008 - a frozen value
    """A contour in its key and, within bounds, as lively as the target; filled where unvoiced.

    Shape:
        f0_hz    [T]  0 where unvoiced
        returns  [T]  positive
    """
    own = measure_pitch_range(f0_hz)
    ratio = target.spread_semitones / own.spread_semitones if own.spread_semitones > 0 else 1.0
    ratio = min(_MOST_SPREAD_RATIO, max(_LEAST_SPREAD_RATIO, ratio))
    semitones = ratio * 12 * np.log2(fill_unvoiced(f0_hz, own.median_hz) / own.median_hz)
    base_hz = own.median_hz if key.about == "source" else target.median_hz
    return (base_hz * 2 ** ((semitones + key.semitones) / 12)).astype(np.float32)
