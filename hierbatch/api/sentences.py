"""Texts of the Python API: division into sentences, synthesis in batches, and joining of the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hierbatch.api.sound import Sound, Word
from hierbatch.audio.joining import fade_edges, silence
from hierbatch.delivery.pauses import PauseRules
from hierbatch.errors import TextError
from hierbatch.frontend.language import expected_duration_s
from hierbatch.frontend.sentences import split_sentences
from hierbatch.frontend.speech_text import PhonemizedSentence, SpeechFrontEnd
from hierbatch.models.speech import Speech, SpeechModel, SpeechRequest
from hierbatch.stages.batching import BatchLimits, BatchProcessor
from hierbatch.stages.timings import word_timings

_PAUSES = PauseRules()
_FADE_S = 0.005


@dataclass(frozen=True, slots=True)
class SentencePart:
    """Phonemized sentence of a text, with the pause after it and the seed of its synthesis."""

    text_index: int
    spoken: PhonemizedSentence
    pause_after_s: float
    seed: int


def sentence_parts(
    text: str, text_index: int, language: str, seed: int, front_end: SpeechFrontEnd, default: str
) -> Iterator[SentencePart]:
    """Divide one text into phonemized sentences, each with the pause after it.

    Args:
        text: text to divide; blank lines separate paragraphs.
        text_index: index of the text in the list of texts.
        language: language code; `auto` detects the language of each sentence.
        seed: seed of the first sentence; each later sentence has the next integer.
        front_end: front end that converts sentences to phonemes.
        default: language of sentences without letters.

    Raises:
        TextError: a sentence cannot be phonemized, or there is none.
    """
    paragraphs = [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    sentences = [split_sentences(block, default) for block in paragraphs]
    n_spoken = 0
    for block in filter(None, sentences):
        for number, sentence in enumerate(block, start=1):
            pause_s = _PAUSES.paragraph_s if number == len(block) else _PAUSES.sentence_s
            spoken = front_end.phonemize(sentence.text, sentence.language if language == "auto" else language)
            if sentence.pause_after_s is not None:
                pause_s = sentence.pause_after_s
            yield SentencePart(text_index, spoken, pause_s, seed + n_spoken)
            n_spoken += 1
    if not n_spoken:
        raise TextError(
            "There is nothing to say", expected="at least one word", got=repr(text[:80]), fix="pass a text with words"
        )


def speak_in_batches(
    model: SpeechModel, parts: Sequence[SentencePart], request: Callable[[SentencePart], SpeechRequest]
) -> list[tuple[SentencePart, Speech]]:
    """Synthesize all parts, and return each with its speech, in order; raises the error of the first part that fails.

    Args:
        model: speech model.
        parts: sentences.
        request: function that creates the request to the model for a sentence.
    """

    def speak(batch: Sequence[tuple[int, SentencePart]]) -> list[tuple[int, Speech | Exception]]:
        speeches = model.speak([request(part) for _, part in batch])
        return [(number, speech) for (number, _), speech in zip(batch, speeches, strict=True)]

    def expected_s(row: tuple[int, SentencePart]) -> float:
        spoken = row[1].spoken
        return expected_duration_s(spoken.phonemes, spoken.language)

    made = dict(
        BatchProcessor(BatchLimits()).work(
            list(enumerate(parts)), expected_s, speak, lambda row, error: (row[0], error)
        )
    )
    results = []
    for number, part in enumerate(parts):
        speech = made[number]
        if isinstance(speech, Exception):
            raise speech
        results.append((part, speech))
    return results


def join_parts(spoken: Sequence[tuple[SentencePart, Speech]], rate_hz: int) -> Sound:
    """Join the sentences of one text with the pauses between them; word times are relative to the joined sound."""
    pieces = []
    words = []
    n_samples = 0
    for number, (part, speech) in enumerate(spoken, start=1):
        start_s = n_samples / rate_hz
        times = word_timings(part.spoken.text_norm, part.spoken.phonemes, speech.token_frames, speech.lead_frames)
        words += [Word(t.text, start_s + t.start_s, start_s + t.end_s) for t in times if t.kind == "word"]
        pieces.append(fade_edges(speech.waveform.samples, round(_FADE_S * rate_hz)))
        if number < len(spoken):
            pieces.append(silence(round(part.pause_after_s * rate_hz)))
            n_samples += len(pieces[-2]) + len(pieces[-1])
    return Sound(samples=np.concatenate(pieces), rate_hz=rate_hz, words=tuple(words))
