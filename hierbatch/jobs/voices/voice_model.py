"""Model of a voice job, which encodes voices, synthesizes test sentences, and creates voice files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.audio.joining import silence
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import BundleError, PromptError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.manifest.voices.voice_file import VoiceFile, parse_voice_file
from hierbatch.manifest.voices.voices import VoiceRow
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.lite.prompt_statistics import measure_spectrum, move_spectrum
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.lite.voice_file import voice_arrays, voice_numbers
from hierbatch.models.lite.voice_space import VoiceSpace, load_voice_space
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.weights.bundle import Bundle, find_bundle
from hierbatch.stages.prompts import prepare_prompt

PREVIEW_TEXTS = {
    "en": "This is how I sound when I read a sentence to you.",
    "ko": "제 목소리는 이렇게 들립니다. 편하게 들어 주세요.",
}
REFERENCE_TEXTS = {
    "en": (
        "The boy chose a warm coat before he went out into the falling snow.",
        "Please measure the yellow sheet twice, then push it under the judge's chair.",
    ),
    "ko": ("아침마다 우리는 강가를 따라 천천히 걸으며 새들의 노래를 듣습니다.",),
}
"""Sentences of the reference recording in a voice file; they contain nearly all sounds of the language."""
_PAUSE_S = 0.25


class VoiceModel:
    """A Lite model with the functions that voice jobs need."""

    def __init__(self, choice: ModelChoice) -> None:
        """Load the model.

        Raises:
            BundleError: there is no such model, or it is not a Lite model.
            InputError: this machine has no such device.
        """
        self.bundle = _lite_bundle(choice.model)
        self.pipeline = LitePipeline.from_bundle(self.bundle, choice.placement)
        self._front_end = SpeechFrontEnd(versions=self.pipeline.frontend_versions)
        self._space: VoiceSpace | None = None

    @property
    def space(self) -> VoiceSpace:
        """Distribution of voices.

        Raises:
            BundleError: the model has no distribution of voices.
        """
        if self._space is None:
            self._space = load_voice_space(self.bundle)
        return self._space

    @property
    def language(self) -> str:
        """Language of reference recordings: English if the model speaks it, or else another one with test sentences.

        Raises:
            BundleError: the model speaks no language with test sentences.
        """
        known = [code for code in REFERENCE_TEXTS if code in self.pipeline.languages]
        if not known:
            raise BundleError(
                "The model speaks no language with test sentences",
                expected=", ".join(REFERENCE_TEXTS),
                fix="choose another with --model",
            )
        return known[0]

    def encode(self, row: VoiceRow) -> LiteVoice:
        """Encode a recording or a voice file.

        Raises:
            PromptError: the recording or voice file cannot be used.
        """
        prompt = prepare_prompt(row.read_prompt(), row.voice)
        if prompt.voice_file is not None:
            opened = self.pipeline.open_voice(parse_voice_file(prompt.voice_file, row.voice))
            if opened is not None:
                return opened
        return self.pipeline.encode_voice(read_sound(prompt.flac, name=f"voice {row.voice}", raises=PromptError))

    def phonemes(self, text: str, language: str) -> str:
        """Phonemes of a sentence."""
        return self._front_end.phonemize(text, language).phonemes

    def speak(self, voice: LiteVoice, phonemes: str, language: str, seed: int = 0) -> Waveform:
        """Synthesize one sentence in a voice.

        Args:
            voice: encoded voice.
            phonemes: tokens separated by spaces.
            language: language code of the sentence.
            seed: seed of the synthesis.

        Raises:
            SynthesisError: the model returned no usable sound.
        """
        request = SpeechRequest(phonemes=phonemes, language=language, voice=voice, seed=seed)
        (speech,) = self.pipeline.speak([request])
        return speech.waveform

    def reference(self, voice: LiteVoice) -> Waveform:
        """Synthesize the reference recording of a voice."""
        language = self.language
        parts = [self.speak(voice, self.phonemes(text, language), language) for text in REFERENCE_TEXTS[language]]
        pause = silence(round(_PAUSE_S * parts[0].rate_hz))
        blocks = [piece for part in parts for piece in (pause, part.samples)][1:]
        return Waveform(np.concatenate(blocks), parts[0].rate_hz)

    def with_own_frames(self, voice: LiteVoice) -> LiteVoice:
        """Copy of a voice with prompt frames from its own speech, instead of those of the average voice.

        Raises:
            PromptError: the speech of the voice has no pitch.
        """
        spoken = self.pipeline.encode_voice(self.reference(voice))
        return replace(voice, semantic=spoken.semantic, mel=move_spectrum(spoken.mel, measure_spectrum(voice.mel)))

    def voice_file(self, voice: LiteVoice, described: VoiceFile) -> VoiceFile:
        """Copy of `described` with the arrays and the reference recording of a voice; consent and origin are kept."""
        return replace(
            described,
            model_kind=self.bundle.kind,
            model_sha256=self.bundle.weights_sha256,
            numbers=voice_numbers(voice),
            arrays=voice_arrays(voice),
            reference_flac=encode_sound(self.reference(voice)),
        )


def _lite_bundle(model: str) -> Bundle:
    bundle = find_bundle(model)
    if bundle.kind != "lite":
        raise BundleError(
            "Voices of this model cannot be blended or sampled", expected="a model of kind lite", got=bundle.kind,
            fix="choose another with --model",
        )  # fmt: skip
    return bundle
