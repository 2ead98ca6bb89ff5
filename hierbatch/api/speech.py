"""Pipeline of the Python API for speech synthesis, singing and voice conversion with one loaded model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from hierbatch.api.sentences import SentencePart, join_parts, sentence_parts, speak_in_batches
from hierbatch.api.singing import SongOptions, SungSound, sing_score
from hierbatch.api.sound import Recording, Sound, as_waveform
from hierbatch.api.voice import Voice, encode_voice
from hierbatch.errors import InputError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.frontend.scores.score import MusicScore
from hierbatch.frontend.singing.contour import SingingStyle
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.conversion.interface import DEFAULT_PITCH, ConversionModel, parse_pitch
from hierbatch.models.conversion.recording import ConversionJob, convert_recordings
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.singing import SingingModel, parse_transposition
from hierbatch.models.speech import SpeechModel, SpeechRequest
from hierbatch.models.upsampling.full_band import full_band_block_resampler
from hierbatch.object_path import local_path
from hierbatch.stages.convert import Convert

if TYPE_CHECKING:
    from pydub import AudioSegment


class SpeechPipeline:
    """Loaded speech model: `speak` synthesizes texts, `sing` songs, `convert` changes the voice of recordings."""

    def __init__(self, model: SpeechModel, placement: DevicePlacement) -> None:
        self._model = model
        self._placement = placement

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._model.name

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model speaks."""
        return self._model.languages

    @property
    def rate_hz(self) -> int:
        """Sampling rate of the output in Hz."""
        return self._model.rate_hz

    def voice(
        self,
        prompt: Recording | AudioSegment,
        *,
        consent: str = "",
        name: str = "",
        denoise_ratio: float = 0.0,
    ) -> Voice:
        """Encode a voice once, for use as the argument `voice` of several calls.

        Args:
            prompt: 3 to 15 s of one person speaking: a path, bytes, a `Sound`, or a pydub `AudioSegment`; or a voice
                file of `hierbatch voices`.
            consent: consent of that person: `self`, `licensed`, `public_domain` or `synthetic`; not needed for a voice
                file, which contains it.
            name: name of the voice; by default derived from the file.
            denoise_ratio: share of the denoised prompt in a mix with the original, 0 to 1.

        Raises:
            InputError: the consent is missing or unknown.
            PromptError: the prompt is unreadable, silent or too short.
            ProgramError: denoising was requested, but its package is not installed.
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
            pitch_semitones: transposition of the voice's median pitch, in semitones.
            prosody: scale factor for the spread of log F0; 1 leaves the intonation unchanged.
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
        default = self.languages[0] if language == "auto" else language
        parts = [
            part
            for index, one in enumerate(texts)
            for part in sentence_parts(one, index, language, seed, front_end, default)
        ]

        def request(part: SentencePart) -> SpeechRequest:
            return SpeechRequest(
                phonemes=part.spoken.phonemes,
                language=part.spoken.language,
                voice=encoded.encoded,
                seed=part.seed,
                speed=speed,
                pitch_semitones=pitch_semitones,
                prosody=prosody,
            )

        spoken = speak_in_batches(self._model, parts, request)
        by_text = groupby(spoken, key=lambda one: one[0].text_index)  # in order, and no text is without parts
        sounds = [join_parts(list(of_text), self.rate_hz) for _, of_text in by_text]
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
        pitch: str | float = DEFAULT_PITCH,
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
            pitch: `target` transposes speech to the range of the target voice; `keep` keeps the melody of a song;
                `octave` transposes the melody by whole octaves towards the target voice; a number transposes it by
                that many semitones.
            pitch_semitones: additional transposition, in semitones.
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
            raise InputError("The model does not convert recordings", got=self.name, fix="load another model")
        encoded = self._encoded(voice, consent)
        recordings = recording if isinstance(recording, list | tuple) else [recording]
        to_rate = full_band_block_resampler("speechsr" if full_band else None, self._placement)
        jobs = [
            ConversionJob(
                source=as_waveform(cast("Recording", one)),
                voice=encoded.encoded,
                seed=seed,
                transposition=parse_pitch(str(pitch), pitch_semitones),
                rate_hz=rate_hz,
            )
            for one in recordings
        ]
        # One at a time: a list of long recordings is not worked in memory at once.
        made = [convert_recordings(self._model, [job], to_rate=to_rate)[0] for job in jobs]
        sounds = [Sound.from_waveform(one.waveform) for one in made]
        return sounds if isinstance(recording, list | tuple) else sounds[0]

    def sing(
        self,
        score: MusicScore | str | Path,
        voice: Voice | Recording | AudioSegment,
        *,
        consent: str = "",
        language: str = "auto",
        lyrics: str = "",
        transpose: str | float = "octave",
        vibrato_cents: float = 25.0,
        seed: int = 0,
        lexicon: str | Path | None = None,
    ) -> SungSound:
        """Synthesize singing of a score with lyrics; the result starts and ends with the score.

        Args:
            score: a `MusicScore`, or the path of a MusicXML, MIDI or OpenUtau file or a note list.
            voice: a prompt, or a `Voice` from the method `voice` of this pipeline.
            consent: consent of the person in the prompt, if `voice` is a prompt.
            language: language of the lyrics; `auto` detects the language.
            lyrics: lyrics instead of those of the score, as in `"Twin-kle, twin-kle _ star"`.
            transpose: number of semitones, or `octave` to move the melody by whole octaves into the range of the voice.
            vibrato_cents: depth of the vibrato of long notes, in cents.
            seed: seed of the synthesis; another seed results in another take.
            lexicon: pronunciation lexicon, a CSV file with columns word,pronunciation,kind,language,scope.

        Raises:
            InputError: the consent is missing, the score cannot be read, or the model cannot sing.
            PromptError: the prompt cannot be used.
            SynthesisError: notes are outside the range of the model.
        """
        if not isinstance(self._model, SingingModel):
            raise InputError("The model cannot sing", expected="a Lite model", got=self.name, fix="load another model")
        self._check_options(language, speed=1.0)
        options = SongOptions(
            language=language,
            lyrics=lyrics,
            transposition=parse_transposition(str(transpose)),
            style=SingingStyle(vibrato_cents=vibrato_cents),
            seed=seed,
        )
        versions = getattr(self._model, "frontend_versions", None)
        front_end = SpeechFrontEnd(Lexicon.read(local_path(lexicon)) if lexicon else None, versions)
        return sing_score(self._model, front_end, score, self._encoded(voice, consent), options)

    def _encoded(self, voice: Voice | Recording | AudioSegment, consent: str) -> Voice:
        return voice if isinstance(voice, Voice) else self.voice(voice, consent=consent)

    def _check_options(self, language: str, speed: float) -> None:
        if language not in ("auto", *self.languages):
            raise InputError(
                "The model does not speak this language",
                expected=", ".join(("auto", *self.languages)),
                got=repr(language),
                fix="change the language",
            )
        if not 0.5 <= speed <= 2.0:
            raise InputError(
                "The speaking rate is out of range", expected="0.5 to 2", got=f"{speed:g}", fix="change the speed"
            )
