"""Measures of one clip of speech, each as a numerator over a denominator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from hierbatch.audio.pitch import estimate_f0, is_speech_voiced
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.frontend.edit_distance import Errors, count_errors
from tools.evaluation.error_rates import fewest_errors, one_spelling, phones_of
from tools.evaluation.evaluation_cache import EvaluationCache
from tools.evaluation.kit import EvaluationKit
from tools.evaluation.pauses import measure_timing

_SEMITONES_PER_NEPER = 12 / np.log(2)


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table: printed in per cent if `is_share`, else with `n_decimals`."""

    name: str
    title: str
    better: Literal["lower", "higher", "as recorded"]
    is_share: bool = False
    n_decimals: int = 2


MEASURES = (
    Measure("word_errors", "word error rate", "lower", is_share=True),
    Measure("character_errors", "character error rate, no spaces", "lower", is_share=True),
    Measure("phone_errors", "phone error rate (second recognizer)", "lower", is_share=True),
    Measure("similarity_resemblyzer", "speaker similarity, Resemblyzer", "higher"),
    Measure("similarity_vfl", "speaker similarity, d-vector", "higher"),
    Measure("dnsmos_ovrl", "DNSMOS ovrl", "higher"),
    Measure("distillmos", "DistillMOS", "higher"),
    Measure("pitch_spread", "pitch spread, semitones", "as recorded"),
    Measure("liveliness", "pitch spread relative to a recording of the same text", "as recorded"),
    Measure("duration_ratio", "duration relative to a recording of the same text", "as recorded"),
    Measure("pause_ratio", "pauses relative to a recording of the same text", "as recorded"),
    Measure("similarity_gain", "similarity to the target less that to the source, Resemblyzer", "higher"),
    Measure("cpu_time", "CPU seconds per second of audio, one thread", "lower", n_decimals=3),
    Measure("failures", "sentences that failed", "lower", is_share=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationClip:
    """A clip to score, and its references; measures that need a reference that is None are left out.

    `readings` are accepted spellings of its text, `reference` is another clip of the target speaker, `recording` is the
    same text recorded by that speaker, `source` is the recording a conversion was made from, and `cpu_s` is the CPU
    time of its synthesis in seconds.
    """

    waveform: Waveform
    language: str
    readings: tuple[str, ...] = ()
    phonemes: str | None = None
    reference: Waveform | None = None
    recording: Waveform | None = None
    source: Waveform | None = None
    cpu_s: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of one clip: errors over tokens, or a value over 1."""

    measure: str
    numerator: float
    denominator: float = 1.0


@dataclass(frozen=True, slots=True)
class ClipScorer:
    """Scorer of clips: the evaluation kit with a cache of its results."""

    kit: EvaluationKit
    cache: EvaluationCache

    def score(self, clip: EvaluationClip) -> list[Score]:
        """Compute all scores that the clip's references allow.

        Raises:
            ProgramError: the kit lacks a package.
            ValueError: the clip is not at 16 kHz.
        """
        if clip.waveform.rate_hz != RATE_HZ:
            raise ValueError(f"expected audio at {RATE_HZ} Hz, got {clip.waveform.rate_hz} Hz")
        return [*self._errors(clip), *self._similarity(clip), *self._opinion(clip), *_prosody_and_cost(clip)]

    def transcribe(self, waveform: Waveform, language: str) -> str:
        """Transcribe a sound with the speech recognizer, or return the cached transcript."""
        samples = waveform.samples
        return str(
            self.cache.get_or_compute(
                f"transcribe {language}", (samples,), lambda: self.kit.transcribe(samples, language)
            )
        )

    def score_missing(self, readings: tuple[str, ...], language: str) -> list[Score]:
        """Scores of a text whose synthesis failed: every word (in Korean, every character) counts as an error."""
        return [self._score_transcript(readings, "", language)]

    def _errors(self, clip: EvaluationClip) -> Iterator[Score]:
        samples, language = clip.waveform.samples, clip.language
        if clip.readings:
            yield self._score_transcript(clip.readings, self.transcribe(clip.waveform, language), language)
        if clip.phonemes is not None and language == "en":
            phones = self.cache.get_or_compute("phonemes", (samples,), lambda: self.kit.phonemes(samples))
            if phones is not None:
                yield _error_score("phone_errors", count_errors(phones_of(clip.phonemes), one_spelling(phones)))

    def _score_transcript(self, readings: tuple[str, ...], transcript: str, language: str) -> Score:
        """Word errors, or for Korean character errors, against the best-matching reading."""
        texts = [self.kit.normalize(text, language) for text in (*readings, transcript)]
        if language == "ko":
            # Korean word spacing is partly optional, so a spacing difference is not an error of the speech.
            *references, hypothesis = [list(text.replace(" ", "")) for text in texts]
            return _error_score("character_errors", fewest_errors(references, hypothesis))
        *references, hypothesis = [text.split() for text in texts]
        return _error_score("word_errors", fewest_errors(references, hypothesis))

    def _similarity(self, clip: EvaluationClip) -> Iterator[Score]:
        if clip.reference is None:
            return
        pair = (clip.waveform.samples, clip.reference.samples)
        for network in ("resemblyzer", "vfl"):
            cosine = self.cache.get_or_compute(network, pair, partial(self.kit.similarity, *pair, network))
            yield Score(f"similarity_{network}", cosine)
            if clip.source is not None and network == "resemblyzer":
                pair = (clip.waveform.samples, clip.source.samples)
                kept = self.cache.get_or_compute(network, pair, partial(self.kit.similarity, *pair, network))
                yield Score("similarity_gain", cosine - kept)

    def _opinion(self, clip: EvaluationClip) -> Iterator[Score]:
        samples = clip.waveform.samples
        yield Score(
            "dnsmos_ovrl", self.cache.get_or_compute("dnsmos", (samples,), lambda: self.kit.dnsmos(samples))["ovrl"]
        )
        yield Score(
            "distillmos", self.cache.get_or_compute("distillmos", (samples,), lambda: self.kit.distillmos(samples))
        )


def _prosody_and_cost(clip: EvaluationClip) -> Iterator[Score]:
    spread = pitch_spread_semitones(clip.waveform)
    if spread is not None:
        yield Score("pitch_spread", spread)
        recorded = None if clip.recording is None else pitch_spread_semitones(clip.recording)
        if recorded:
            yield Score("liveliness", spread, recorded)
    if clip.recording is not None:
        own, recorded_timing = measure_timing(clip.waveform), measure_timing(clip.recording)
        if recorded_timing.speech_s:
            yield Score("duration_ratio", own.speech_s, recorded_timing.speech_s)
            yield Score("pause_ratio", own.pause_s, recorded_timing.pause_s + 1e-9)
    if clip.cpu_s is not None:
        yield Score("cpu_time", clip.cpu_s, clip.waveform.duration_s)


def pitch_spread_semitones(waveform: Waveform) -> float | None:
    """Standard deviation of log F0 over voiced frames, in semitones; None in noise or if less than 0.2 s is voiced."""
    if not is_speech_voiced(waveform):
        return None
    f0_hz = estimate_f0(waveform)
    voiced = f0_hz[f0_hz > 0]
    return float(np.log(voiced).std() * _SEMITONES_PER_NEPER) if len(voiced) >= 20 else None


def _error_score(measure: str, errors: Errors) -> Score:
    return Score(measure, errors.n_errors, errors.n_tokens)
