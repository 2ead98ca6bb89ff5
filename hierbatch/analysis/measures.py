"""What is measured on one clip of speech, each measure as a numerator over a denominator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from hierbatch.analysis.error_rates import fewest_errors, one_spelling, phones_of
from hierbatch.analysis.judgement_cache import JudgementCache
from hierbatch.analysis.kit import EvaluationKit
from hierbatch.audio.pitch import estimate_f0
from hierbatch.audio.waveform import Waveform
from hierbatch.frontend.edit_distance import Errors, count_errors
from hierbatch.units import RATE_HZ

_SEMITONES_A_NEPER = 12 / np.log(2)


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: `is_share` is told in per cent, anything else with `n_decimals`."""

    name: str
    title: str
    better: Literal["lower", "higher", "as recorded"]
    is_share: bool = False
    n_decimals: int = 2


MEASURES = (
    Measure("word_errors", "word error rate", "lower", is_share=True),
    Measure("character_errors", "character error rate, no spaces", "lower", is_share=True),
    Measure("phone_errors", "phone error rate (second recogniser)", "lower", is_share=True),
    Measure("similarity_resemblyzer", "speaker similarity, Resemblyzer", "higher"),
    Measure("similarity_vfl", "speaker similarity, d-vector", "higher"),
    Measure("dnsmos_ovrl", "DNSMOS ovrl", "higher"),
    Measure("distillmos", "DistillMOS", "higher"),
    Measure("pitch_spread", "pitch spread, semitones", "as recorded"),
    Measure("liveliness", "pitch spread over that of the same text's recording", "as recorded"),
    Measure("work", "CPU seconds a second of sound, one thread", "lower", n_decimals=3),
    Measure("failures", "sentences that could not be spoken", "lower", is_share=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A clip to judge and what it is judged against; what is None is not judged.

    `readings` are the ways its words may be written, `reference` is another clip of its speaker, `recording` is the
    same text read by that speaker, and `work_s` the CPU time it took to make.
    """

    waveform: Waveform
    language: str
    readings: tuple[str, ...] = ()
    phonemes: str | None = None
    reference: Waveform | None = None
    recording: Waveform | None = None
    work_s: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of one clip: a share of words, or a value over 1."""

    measure: str
    numerator: float
    denominator: float = 1.0


@dataclass(frozen=True, slots=True)
class Jury:
    """The kit with its memory."""

    kit: EvaluationKit
    cache: JudgementCache

    def judge(self, spoken: Spoken) -> list[Score]:
        """Every score that can be given; raises ProgramError where the kit lacks a package."""
        if spoken.waveform.rate_hz != RATE_HZ:
            raise ValueError(f"the jury hears {RATE_HZ} Hz, but rate_hz is {spoken.waveform.rate_hz}")
        return [*self._words(spoken), *self._speaker(spoken), *self._opinion(spoken), *_delivery(spoken)]

    def heard(self, waveform: Waveform, language: str) -> str:
        """What the recogniser writes down."""
        samples = waveform.samples
        return str(
            self.cache.recall(f"transcribe {language}", (samples,), lambda: self.kit.transcribe(samples, language))
        )

    def silence(self, readings: tuple[str, ...], language: str) -> list[Score]:
        """What a text gets that was not spoken at all."""
        return [self._score_words(readings, "", language)]

    def _words(self, spoken: Spoken) -> Iterator[Score]:
        samples, language = spoken.waveform.samples, spoken.language
        if spoken.readings:
            yield self._score_words(spoken.readings, self.heard(spoken.waveform, language), language)
        if spoken.phonemes is not None and language == "en":
            phones = self.cache.recall("phonemes", (samples,), lambda: self.kit.phonemes(samples))
            if phones is not None:
                yield _share("phone_errors", count_errors(phones_of(spoken.phonemes), one_spelling(phones)))

    def _score_words(self, readings: tuple[str, ...], heard: str, language: str) -> Score:
        texts = [self.kit.normalize(text, language) for text in (*readings, heard)]
        if language == "ko":
            # Korean spacing is a matter of taste, and a recogniser's taste is no error of the speaker.
            *wanted, found = [list(text.replace(" ", "")) for text in texts]
            return _share("character_errors", fewest_errors(wanted, found))
        *wanted, found = [text.split() for text in texts]
        return _share("word_errors", fewest_errors(wanted, found))

    def _speaker(self, spoken: Spoken) -> Iterator[Score]:
        if spoken.reference is None:
            return
        pair = (spoken.waveform.samples, spoken.reference.samples)
        for network in ("resemblyzer", "vfl"):
            cosine = self.cache.recall(network, pair, partial(self.kit.similarity, *pair, network))
            yield Score(f"similarity_{network}", cosine)

    def _opinion(self, spoken: Spoken) -> Iterator[Score]:
        samples = spoken.waveform.samples
        yield Score("dnsmos_ovrl", self.cache.recall("dnsmos", (samples,), lambda: self.kit.dnsmos(samples))["ovrl"])
        yield Score("distillmos", self.cache.recall("distillmos", (samples,), lambda: self.kit.distillmos(samples)))


def _delivery(spoken: Spoken) -> Iterator[Score]:
    spread = pitch_spread_semitones(spoken.waveform)
    if spread is not None:
        yield Score("pitch_spread", spread)
        recorded = None if spoken.recording is None else pitch_spread_semitones(spoken.recording)
        if recorded:
            yield Score("liveliness", spread, recorded)
    if spoken.work_s is not None:
        yield Score("work", spoken.work_s, spoken.waveform.duration_s)


def pitch_spread_semitones(waveform: Waveform) -> float | None:
    """Standard deviation of log F0 over voiced frames; None where less than 0.2 s is voiced."""
    f0_hz = estimate_f0(waveform)
    voiced = f0_hz[f0_hz > 0]
    return float(np.log(voiced).std() * _SEMITONES_A_NEPER) if len(voiced) >= 20 else None


def _share(measure: str, errors: Errors) -> Score:
    return Score(measure, errors.n_errors, errors.n_tokens)
