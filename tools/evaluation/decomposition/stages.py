"""Clips of each stage for one recording: from the recording itself to text to speech in the same voice.

Between own content and text to speech, each of the three predictions of the text stage (durations, semantic vectors,
pitch) by itself replaces its recorded counterpart. Predicted and recorded frames correspond along a warping path.

Legend: T frames (50/s), 2T pitch frames (100/s), C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from hierbatch.audio.level import to_speech_level
from hierbatch.audio.pitch import estimate_f0, fill_unvoiced
from hierbatch.audio.resample import resample
from hierbatch.audio.spectrum import LogMel
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME, RATE_HZ
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.lite.synthesizer import LiteSynthesizer, SynthesisFrames
from hierbatch.models.lite.text_stage import LiteTextStage
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.weights.bundle import Bundle
from tools.evaluation.decomposition.time_warping import Indices, warp

RECORDING, COPY, OWN_CONTENT = "recording", "copy synthesis", "own content"
TEXT_TO_SPEECH = "text to speech"
PREDICTED = {
    "vectors": "own content, predicted vectors",
    "pitch": "own content, predicted pitch",
    "durations": "own content, predicted durations",
}
STAGES = (RECORDING, COPY, OWN_CONTENT, *PREDICTED.values(), TEXT_TO_SPEECH)
"""Stages in the order of the table."""

_SEED = 1


@dataclass(frozen=True, slots=True)
class ContentFrames:
    """Input of the acoustic model for one sentence.

    Shape:
        semantic      [T, C]
        f0_hz, voiced [2T]
    """

    semantic: npt.NDArray[np.float32]
    f0_hz: npt.NDArray[np.float32]
    voiced: npt.NDArray[np.float32]

    def at(self, frames: Indices) -> ContentFrames:
        """Select the frames with the given indices."""
        pitch = (MELS_PER_FRAME * frames[:, None] + np.arange(MELS_PER_FRAME)).ravel()
        return ContentFrames(self.semantic[frames], self.f0_hz[pitch], self.voiced[pitch])

    def with_pitch_of(self, source: ContentFrames) -> ContentFrames:
        """Combine these vectors with the pitch of `source`, which has as many frames."""
        return ContentFrames(self.semantic, source.f0_hz, source.voiced)


class Decomposer:
    """Renderer of the stages of one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        networks = LiteNetworks.from_weights(LiteConfig.from_dict(bundle.config), bundle.load_weights())
        placement = DevicePlacement()
        self._pipeline = LitePipeline(bundle, networks, placement)
        self._text_stage = LiteTextStage(networks, bundle.synthesis, bundle.languages, placement)
        self._synthesizer = LiteSynthesizer(networks, bundle.synthesis, placement)
        self._content_encoder, self._mel = networks.content_encoder, LogMel()
        self._front_end = SpeechFrontEnd()

    @torch.inference_mode()
    def clips(
        self, recording: Waveform, text: str, language: str, prompt: Waveform
    ) -> Iterator[tuple[str, Callable[[], Waveform]]]:
        """Yield the name of each stage, and a function that renders the stage's sound.

        Args:
            recording: a recording of the text.
            text: transcript of the recording.
            language: language of the text.
            prompt: another recording of the same speaker.
        """
        voice = self._pipeline.encode_voice(prompt)
        levelled = to_speech_level(resample(recording, RATE_HZ))
        n_samples = levelled.n_samples // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES
        whole = Waveform(levelled.samples[:n_samples], RATE_HZ)
        from_recording = self._recorded(whole)
        phonemes = self._front_end.phonemize(text, language).phonemes
        request = SpeechRequest(phonemes=phonemes, language=language, voice=voice, seed=_SEED)
        predicted, shares = self._predicted(request)
        to_recorded, to_predicted = warp(predicted.semantic, from_recording.semantic)
        on_recorded, recorded_on_predicted = predicted.at(to_predicted), from_recording.at(to_recorded)
        variants = {
            OWN_CONTENT: from_recording,
            PREDICTED["vectors"]: on_recorded.with_pitch_of(from_recording),
            PREDICTED["pitch"]: from_recording.with_pitch_of(on_recorded),
            PREDICTED["durations"]: recorded_on_predicted,
            TEXT_TO_SPEECH: predicted,
        }
        yield RECORDING, lambda: whole
        yield COPY, lambda: self._pipeline.resynthesize(whole)
        for name, frames in variants.items():
            yield name, lambda frames=frames: self._render(frames, voice, shares)  # type: ignore[misc]

    def _recorded(self, whole: Waveform) -> ContentFrames:
        mel = self._mel(torch.from_numpy(np.ascontiguousarray(whole.samples))[None])
        n_frames = mel.shape[1] // MELS_PER_FRAME
        semantic = self._content_encoder(mel, torch.ones(1, n_frames, 1, dtype=torch.bool))
        f0_hz = estimate_f0(whole)
        return ContentFrames(to_array(semantic[0]), fill_unvoiced(f0_hz), (f0_hz > 0).astype(np.float32))

    def _predicted(self, request: SpeechRequest) -> tuple[ContentFrames, SynthesisFrames]:
        """Predicted frames of one sentence, and the batch that they come from, which has the language's settings."""
        batch = self._text_stage([request]).frames
        frames = ContentFrames(to_array(batch.semantic[0]), to_array(batch.f0_hz[0]), to_array(batch.voiced[0]))
        return frames, batch

    @torch.inference_mode()
    def _render(self, frames: ContentFrames, voice: LiteVoice, settings: SynthesisFrames) -> Waveform:
        batch = SynthesisFrames(
            semantic=torch.from_numpy(frames.semantic)[None],
            f0_hz=torch.from_numpy(frames.f0_hz)[None],
            voiced=torch.from_numpy(frames.voiced)[None],
            lengths=torch.tensor([len(frames.semantic)]),
            covariance_shares=settings.covariance_shares,
            clean_style_shares=settings.clean_style_shares,
            low_noise_db=settings.low_noise_db,
        )
        (samples,) = self._synthesizer.synthesize(batch, [voice], [_SEED])
        return Waveform(samples, RATE_HZ)
