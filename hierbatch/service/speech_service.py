"""Speech of one loaded model for many clients, synthesized sentence by sentence."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from hierbatch.api.speech import SpeechPipeline
from hierbatch.api.voice import Voice
from hierbatch.audio.joining import silence
from hierbatch.audio.waveform import Samples
from hierbatch.delivery.pauses import PauseRules
from hierbatch.errors import HierbatchError
from hierbatch.frontend.sentences import split_sentences
from hierbatch.service.request import HttpSpeechRequest, RequestError

_PAUSES = PauseRules()


class SpeechService:
    """Speech pipeline and its voices. Clients take turns sentence by sentence, so that long texts do not block others.

    Args:
        pipeline: the loaded model.
        voices: encoded voices by name.
    """

    def __init__(self, pipeline: SpeechPipeline, voices: Mapping[str, Voice]) -> None:
        self.pipeline, self.voices = pipeline, voices
        self._turn = threading.Lock()

    def speak(self, request: HttpSpeechRequest) -> Iterator[Samples]:
        """Synthesize a text, and return an iterator over the samples of its sentences and pauses, block by block.

        Raises:
            RequestError: the voice or language is unknown, or the text has no words or cannot be synthesized; the
                iterator raises it for a later sentence.
        """
        voice = self.voices.get(request.voice)
        if voice is None:
            raise RequestError(f"Unknown voice. Expected: {', '.join(self.voices)}", field="voice")
        languages = ("auto", *self.pipeline.languages)
        if request.language not in languages:
            raise RequestError(f"Unknown language. Expected: {', '.join(languages)}", field="language")
        default = self.pipeline.languages[0] if request.language == "auto" else request.language
        sentences = [
            (sentence, _PAUSES.paragraph_s if sentence is last else _PAUSES.sentence_s)
            for paragraph in request.text.replace("\r\n", "\n").split("\n\n")
            if (found := split_sentences(paragraph, default))
            for last in found[-1:]
            for sentence in found
        ]
        if not sentences:
            raise RequestError("There is nothing to say", field="input")
        blocks = self._blocks(request, voice, [(each.text, pause_s) for each, pause_s in sentences])
        first = next(blocks)  # a text that cannot be spoken fails before the answer begins
        return _with_first(first, blocks)

    def _blocks(
        self, request: HttpSpeechRequest, voice: Voice, sentences: list[tuple[str, float]]
    ) -> Iterator[Samples]:
        for number, (text, pause_s) in enumerate(sentences):
            try:
                with self._turn:
                    sound = self.pipeline.speak(
                        text, voice, language=request.language, speed=request.speed, seed=request.seed + number
                    )
            except HierbatchError as error:
                raise RequestError(str(error), field="input") from error
            yield sound.samples
            if number < len(sentences) - 1:
                yield silence(round(pause_s * sound.rate_hz))


def _with_first(first: Samples, others: Iterator[Samples]) -> Iterator[Samples]:
    yield first
    yield from others
