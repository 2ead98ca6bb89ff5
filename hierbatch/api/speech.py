"""Pipeline of the Python API for text to speech and voice conversion with one loaded model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np

from hierbatch.api.sound import Recording, Sound, Word, as_waveform
from hierbatch.api.voice import Voice, encode_voice
from hierbatch.audio.joining import fade_edges, silence
from hierbatch.delivery.pauses import PauseRules
from hierbatch.errors import InputError, TextError
from hierbatch.frontend.language import expected_duration_s
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.frontend.sentences import split_sentences
from hierbatch.frontend.speech_text import PhonemizedSentence, SpeechFrontEnd
from hierbatch.models.conversion.interface import ConversionModel, Transposition
from hierbatch.models.conversion.recording import ConversionJob, convert_recordings
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.speech import Speech, SpeechModel, SpeechRequest
from hierbatch.models.upsampling.full_band import full_band_block_resampler
from hierbatch.object_path import local_path
from hierbatch.stages.batching import Batches, BatchLimits
from hierbatch.stages.convert import Convert
from hierbatch.stages.timings import word_timings

if TYPE_CHECKING:
    from pydub import AudioSegment

_PAUSES = PauseRules()
_FADE_S = 0.005


@dataclass(frozen=True, slots=True)
class _Part:
    """Sentence of a text, ready for synthesis, with the pause after it in seconds."""

    text_index: int
    spoken: PhonemizedSentence
    pause_after_s: float
    seed: int


class SpeechPipeline:
    """Loaded speech model: `speak` synthesizes texts, `convert` changes the voice of recordings."""

    def __init__(self, model: SpeechModel, placement: DevicePlacement) -> None:
        self._model = model
        self._placement = placement

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def languages(self) -> tuple[str, ...]:
        return self._model.languages

    @property
    def rate_hz(self) -> int:
        return self._model.rate_hz

    def voice(
        self,
        prompt: Recording | AudioSegment,
        *,
        consent: str = "",
        name: str = "",
        denoise_ratio: float = 0.0,
    ) -> Voice:
        """Encode a voice once, to be passed as `voice` to several calls.

        Args:
            prompt: 3 to 15 s of one person speaking: a path, bytes, a `Sound`, or a pydub `AudioSegment`; or a voice
                file of `hierbatch voices`.
            consent: consent of that person: `self`, `licensed`, `public_domain` or `synthetic`; a voice file has its
                own.
            name: name of the voice; by default the file's own.
            denoise_ratio: share of the denoised prompt in the mix, 0 to 1.

        Raises:
            InputError: the consent is missing or unknown.
            PromptError: the prompt is unreadable, silent or too short.
        """
        return encode_voice(
            prompt,
            consent,
            self._model,
            name=name,
            denoise_ratio=denoise_ratio,
            repeat_to_s=Convert.PROMPT_S,
        )

    @overload
    def speak(self, text: str, voice: Voice | Recording, **options: Any) -> Sound: ...

    @overload
    def speak(self, text: Sequence[str], voice: Voice | Recording, **options: Any) -> list[Sound]: ...

    def speak(  # type: ignore[misc]  # the overloads take the options together
        self,
        text: str | Sequence[str],
        voice: Voice | Recording | AudioSegment,
        *,
        consent: str = "",
        language: str = "auto",
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
        prosody: float = 1.0,
        seed: int = 0,
        lexicon: str | Path | None = None,
    ) -> Sound | list[Sound]:
        """Synthesize one text, or each text of a list, sentence by sentence.

        Args:
            text: a text, or a list of texts, which are synthesized in batches. Blank lines separate paragraphs.
            voice: a prompt, or a `Voice` from the method `voice` of this pipeline.
            consent: consent of the person in the prompt, if `voice` is a prompt.
            language: a language code such as `en`; `auto` detects the language of each sentence.
            speed: speaking rate, 0.5 to 2; 1 is the usual rate.
            pitch_semitones: transposition of the voice's median pitch.
            prosody: scale factor for the spread of log F0.
            seed: seed of the synthesis; another seed results in another take.
            lexicon: pronunciation lexicon, a CSV file with columns word,pronunciation,kind,language,scope.

        Raises:
            InputError: the consent is missing, the language is unknown, or an option is out of range.
            PromptError: the prompt cannot be used.
            TextError: a text cannot be synthesized; no sounds are returned.
            SynthesisError: the model returned no usable sound.
        """
        self._check_options(language, speed)
        texts = [text] if isinstance(text, str) else list(text)
        encoded = self._encoded(voice, consent)
        # Models of other packages may not record versions.
        versions = getattr(self._model, "frontend_versions", None)
        front_end = SpeechFrontEnd(Lexicon.read(local_path(lexicon)) if lexicon else None, versions)
        parts = [part for index, one in enumerate(texts) for part in self._parts(one, index, language, seed, front_end)]

        def request(part: _Part) -> SpeechRequest:
            return SpeechRequest(
                phonemes=part.spoken.phonemes,
                language=part.spoken.language,
                voice=encoded.encoded,
                seed=part.seed,
                speed=speed,
                pitch_semitones=pitch_semitones,
                prosody=prosody,
            )

        spoken = _in_batches(self._model, parts, request)
        by_text = groupby(spoken, key=lambda one: one[0].text_index)  # in order, and no text is without parts
        sounds = [_joined(list(of_text), self.rate_hz) for _, of_text in by_text]
        return sounds[0] if isinstance(text, str) else sounds

    @overload
    def convert(self, recording: Recording, voice: Voice | Recording, **options: Any) -> Sound: ...

    @overload
    def convert(self, recording: Sequence[Recording], voice: Voice | Recording, **options: Any) -> list[Sound]: ...

    def convert(  # type: ignore[misc]  # the overloads take the options together
        self,
        recording: Recording | AudioSegment | Sequence[Recording],
        voice: Voice | Recording | AudioSegment,
        *,
        consent: str = "",
        pitch_semitones: float = 0.0,
        rate_hz: int | None = None,
        full_band: bool = False,
        seed: int = 0,
    ) -> Sound | list[Sound]:
        """Convert one recording, or each of a list, to the voice of a prompt; the duration stays the same.

        Args:
            recording: a path, bytes, a `Sound`, a `Waveform`, a pydub `AudioSegment`, or a list of them.
            voice: a prompt, or a `Voice` from the method `voice` of this pipeline.
            consent: consent of the person in the prompt, if `voice` is a prompt.
            pitch_semitones: transposition relative to the target voice's pitch.
            rate_hz: sample rate of the result; by default that of the recording.
            full_band: True to extend the bandwidth beyond 8 kHz with SpeechSR, for results above 16 kHz.
            seed: seed of the synthesis; another seed results in another take.

        Raises:
            InputError: the model does not convert recordings, or the consent is missing.
            PromptError: the prompt cannot be used.
            SourceError: a recording cannot be used.
            SynthesisError: the model returned no usable sound.
        """
        if not isinstance(self._model, ConversionModel):
            raise InputError("The model does not convert recordings", got=self.name)
        encoded = self._encoded(voice, consent)
        recordings = recording if isinstance(recording, list | tuple) else [recording]
        to_rate = full_band_block_resampler("speechsr" if full_band else None, self._placement)
        jobs = [
            ConversionJob(
                source=as_waveform(cast("Recording", one)),
                voice=encoded.encoded,
                seed=seed,
                transposition=Transposition(semitones=pitch_semitones),
                rate_hz=rate_hz,
            )
            for one in recordings
        ]
        # One at a time: a list of long recordings is not worked in memory at once.
        made = [convert_recordings(self._model, [job], to_rate=to_rate)[0] for job in jobs]
        sounds = [Sound.from_waveform(one.waveform) for one in made]
        return sounds if isinstance(recording, list | tuple) else sounds[0]

    def _encoded(self, voice: Voice | Recording | AudioSegment, consent: str) -> Voice:
        return voice if isinstance(voice, Voice) else self.voice(voice, consent=consent)

    def _check_options(self, language: str, speed: float) -> None:
        if language not in ("auto", *self.languages):
            raise InputError(
                "The model does not speak this language",
                expected=", ".join(("auto", *self.languages)),
                got=repr(language),
            )
        if not 0.5 <= speed <= 2.0:
            raise InputError("The speaking rate is out of range", expected="0.5 to 2", got=f"{speed:g}")

    def _parts(
        self, text: str, text_index: int, language: str, seed: int, front_end: SpeechFrontEnd
    ) -> Iterable[_Part]:
        """Split a text into sentences, each with its phonemes, seed, and the silence after it."""
        default = self.languages[0] if language == "auto" else language
        paragraphs = [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
        sentences = [split_sentences(block, default) for block in paragraphs]
        n_spoken = 0
        for block in filter(None, sentences):
            for number, sentence in enumerate(block, start=1):
                pause_s = _PAUSES.paragraph_s if number == len(block) else _PAUSES.sentence_s
                spoken = front_end.phonemize(sentence.text, sentence.language if language == "auto" else language)
                if sentence.pause_after_s is not None:
                    pause_s = sentence.pause_after_s
                yield _Part(text_index, spoken, pause_s, seed + n_spoken)
                n_spoken += 1
        if not n_spoken:
            raise TextError("There is nothing to say", expected="at least one word", got=repr(text[:80]))


def _in_batches(model: SpeechModel, parts: Sequence[_Part], request: Any) -> list[tuple[_Part, Speech]]:
    """Synthesize all parts in order; raises the error of the first part that fails."""

    def speak(batch: Sequence[tuple[int, _Part]]) -> list[tuple[int, Speech | Exception]]:
        speeches = model.speak([request(part) for _, part in batch])
        return [(number, speech) for (number, _), speech in zip(batch, speeches, strict=True)]

    def expected_s(row: tuple[int, _Part]) -> float:
        spoken = row[1].spoken
        return expected_duration_s(spoken.phonemes, spoken.language)

    made = dict(
        Batches(BatchLimits()).work(list(enumerate(parts)), expected_s, speak, lambda row, error: (row[0], error))
    )
    results = []
    for number, part in enumerate(parts):
        speech = made[number]
        if isinstance(speech, Exception):
            raise speech
        results.append((part, speech))
    return results


def _joined(spoken: Sequence[tuple[_Part, Speech]], rate_hz: int) -> Sound:
    """Join the sentences of one text with their pauses; word times are relative to the first sample."""
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
