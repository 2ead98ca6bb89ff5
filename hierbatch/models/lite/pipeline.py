"""HierSpeech2-Lite pipeline: from phonemes and a voice to a waveform, and voice conversion.

Text processing and audio files are handled elsewhere.

Legend: B batch, N symbols, T frames (50/s), L samples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity
from torch.nn.utils.rnn import pad_sequence

from hierbatch.audio.level import below_full_scale, to_speech_level
from hierbatch.audio.pitch import PitchRange, estimate_f0, fill_unvoiced, measure_pitch_range, median_f0_hz
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.resample import resample
from hierbatch.audio.spectrum import LogMel, long_term_spectrum
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, MEL_HOP_SAMPLES, MELS_PER_FRAME, RATE_HZ
from hierbatch.errors import BundleError
from hierbatch.manifest.voices.voice_file import VoiceFile
from hierbatch.models.conversion.interface import ConversionRequest, InputSpec, count_frames
from hierbatch.models.convnext import length_mask
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.singing import LiteSinger
from hierbatch.models.lite.song_noise import song_noise_gains
from hierbatch.models.lite.synthesizer import MAX_F0_HZ, MIN_F0_HZ, LiteSynthesizer, SynthesisFrames
from hierbatch.models.lite.text_stage import LiteTextStage, TextFrames
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.lite.voice_file import voice_from_file
from hierbatch.models.prompt import clean_voiced_prompt
from hierbatch.models.singing import SingingRequest, SungWaveform
from hierbatch.models.speech import SelfAssessment, Speech, SpeechRequest
from hierbatch.models.weights.bundle import Bundle, find_bundle


class LitePipeline:
    """HierSpeech2-Lite with the weights of one bundle on one device."""

    input_spec = InputSpec()

    def __init__(self, bundle: Bundle, networks: LiteNetworks, placement: DevicePlacement) -> None:
        """Place networks on a device, with the settings of their bundle.

        Args:
            bundle: bundle with the name, languages, rate and inference settings.
            networks: networks with loaded weights.
            placement: device and precision.

        Raises:
            InputError: this machine has no such device.
        """
        self.name, self.languages, self.rate_hz = bundle.name, bundle.languages, bundle.rate_hz
        self.fingerprint, self.weights_sha256 = bundle.fingerprint, bundle.weights_sha256
        self.frontend_versions = bundle.frontend_versions
        placement.check_available()
        self._placement = placement
        for network in networks.children():
            placement.place(network)
        self._synthesizer = LiteSynthesizer(networks, bundle.synthesis, placement)
        self._networks, self._device = networks, placement.device
        self._predict_from_text = LiteTextStage(networks, bundle.synthesis, bundle.languages, placement)
        self._sing = LiteSinger(networks.text_to_vector, self._synthesizer, bundle.synthesis, placement)
        self._mel = LogMel().to(placement.device)
        self._conversion_covariance_share = bundle.synthesis.get("conversion_covariance_share", 0.0)
        self._conversion_low_noise_db = bundle.synthesis.get("conversion_low_noise_db", 0.0)

    @staticmethod
    def load(bundle: str | Path = "lite", placement: DevicePlacement | None = None) -> LitePipeline:
        """Load the pipeline of a bundle, given by name or folder; on the CPU by default.

        Raises:
            BundleError: there is no such bundle, its kind is not `lite`, or its configuration or weights do not fit.
            InputError: this machine has no such device.
        """
        return LitePipeline.from_bundle(find_bundle(bundle), placement or DevicePlacement())

    @staticmethod
    def from_bundle(bundle: Bundle, placement: DevicePlacement) -> LitePipeline:
        """Load the pipeline of a bundle.

        Raises:
            BundleError: the kind of the bundle is not `lite`, or its configuration or weights do not fit.
            InputError: this machine has no such device.
        """
        if bundle.kind != "lite":
            raise BundleError("The bundle is of an unknown kind", expected="lite", got=bundle.kind)
        config = LiteConfig.from_dict(bundle.config)
        return LitePipeline(bundle, LiteNetworks.from_weights(config, bundle.load_weights()), placement)

    @torch.inference_mode()
    def encode_voice(self, prompt: Waveform, *, track: PitchTracker = estimate_f0) -> LiteVoice:
        """Encode a voice from a prompt: 3 to 15 s of one person speaking, at any rate.

        Raises:
            PromptError: the prompt is silent, damaged, too short, or has no voiced frames.
        """
        cleaned, f0_hz = clean_voiced_prompt(prompt, track)
        mel = self._mel(self._placement.tensor(cleaned.samples)[None])
        lengths = torch.tensor([mel.shape[1]], device=self._device)
        n_frames = mel.shape[1] // MELS_PER_FRAME
        whole = mel[:, : n_frames * MELS_PER_FRAME]
        semantic = self._networks.content_encoder(whole, whole.new_ones(1, n_frames, 1, dtype=torch.bool))
        return LiteVoice(
            text_style=to_array(self._networks.text_to_vector.style(mel, lengths)[0]),
            sound_style=to_array(self._networks.acoustic.style(mel, lengths)[0]),
            semantic=to_array(semantic[0]),
            mel=to_array(whole[0]),
            median_f0_hz=median_f0_hz(f0_hz),
            f0_spread_semitones=measure_pitch_range(f0_hz).spread_semitones,
            sha256=hashlib.sha256(prompt.samples.tobytes()).hexdigest(),
        )

    def open_voice(self, file: VoiceFile) -> LiteVoice | None:
        """Voice of a voice file; None if it was made for other weights.

        Raises:
            PromptError: the file is damaged.
        """
        return voice_from_file(file, self._networks.config) if file.model_sha256 == self.weights_sha256 else None

    @torch.inference_mode()
    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech]:
        """Synthesize a batch of sentences; each result is independent of the batch.

        Raises:
            TextError: a phoneme string has unknown symbols.
            SynthesisError: the predicted duration is zero or far too long.
        """
        if not requests:
            return []
        text = self._predict_from_text(requests)
        outputs = self._synthesizer.synthesize(text.frames, [r.voice for r in requests], [r.seed for r in requests])
        return [self._speech(row, samples, text) for row, samples in enumerate(outputs)]

    def sing(self, requests: Sequence[SingingRequest]) -> list[SungWaveform]:
        """Synthesize a batch of sung phrases; each result is independent of the batch.

        Raises:
            TextError: a phoneme string has unknown symbols.
        """
        return self._sing(requests)

    def pitch_range(self, voice: LiteVoice) -> PitchRange:
        """Median and spread of the prompt's F0."""
        return PitchRange(voice.median_f0_hz, voice.f0_spread_semitones)

    @torch.inference_mode()
    def self_check(self, speech: Speech, request: SpeechRequest) -> SelfAssessment:
        """Compare an output of `speak` with its predicted semantic vectors and the prompt's long-term spectrum.

        Args:
            speech: output of `speak`.
            request: request that `speech` was synthesized from.

        Raises:
            ValueError: `speech` has no semantic vectors.
        """
        if speech.semantic is None:
            raise ValueError("the speech has no semantic vectors to compare with")
        mel = self._mel(self._placement.tensor(speech.waveform.samples)[None])
        predicted = self._placement.tensor(speech.semantic)
        mask = torch.ones(1, len(predicted), 1, dtype=torch.bool, device=self._device)
        encoded = self._networks.content_encoder(mel, mask)[0]
        own, target = (long_term_spectrum(one) for one in (to_array(mel[0]), request.voice.mel))
        return SelfAssessment(
            semantic_distance=1.0 - float(cosine_similarity(predicted, encoded, dim=-1).mean()),
            timbre_similarity=float(own @ target / (np.linalg.norm(own) * np.linalg.norm(target) + 1e-9)),
            encoded=to_array(encoded),
        )

    @torch.inference_mode()
    def convert_all(self, requests: Sequence[ConversionRequest]) -> list[Samples]:
        """Convert segments of recordings to other voices; `convert_recording` accepts recordings of any length.

        Raises:
            SynthesisError: a segment is empty, too long, or not a whole number of 20 ms frames.
        """
        n_frames = [count_frames(request) for request in requests]
        mel, f0_hz, voiced = (
            pad_sequence(list(rows), batch_first=True) for rows in zip(*map(self._features, requests), strict=True)
        )
        lengths = torch.tensor(n_frames, device=self._device)
        with self._placement.inference_mode():
            semantic = self._networks.content_encoder(mel, length_mask(lengths, max(n_frames))[..., None]).float()
        no_shares = torch.zeros(len(requests), device=self._device)
        is_song = torch.tensor([request.is_song for request in requests], device=self._device)
        frames = SynthesisFrames(
            semantic=semantic,
            f0_hz=f0_hz.clamp(MIN_F0_HZ, MAX_F0_HZ),
            voiced=voiced,
            lengths=lengths,
            song_noise_gains=song_noise_gains(f0_hz, voiced),
            is_song=[request.is_song for request in requests],
            # In songs, the source alone provides the covariance of the bands.
            covariance_shares=no_shares.masked_fill(~is_song, self._conversion_covariance_share),
            clean_style_shares=no_shares,
            low_noise_db=torch.full_like(no_shares, self._conversion_low_noise_db),
        )
        voices, seeds = [request.voice for request in requests], [request.seed for request in requests]
        return self._synthesizer.synthesize(frames, voices, seeds, mel)

    @torch.inference_mode()
    def resynthesize(self, recording: Waveform) -> Waveform:
        """Vocode a recording from its own spectrogram and pitch (copy synthesis), the best case for the vocoder.

        Returns:
            Vocoder output at 16 kHz, cut to whole frames of 20 ms, at the level that the networks are trained on.
        """
        source = to_speech_level(resample(recording, RATE_HZ))
        n_samples = source.n_samples // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES
        source = Waveform(source.samples[:n_samples], RATE_HZ)
        f0_hz = estimate_f0(source)
        mel = self._mel(self._placement.tensor(source.samples)[None])
        noise = np.random.default_rng(0).standard_normal(n_samples, dtype=np.float32)
        pitch = (
            self._placement.tensor(values)[None] for values in (fill_unvoiced(f0_hz), (f0_hz > 0).astype(np.float32))
        )
        mask = torch.ones(1, mel.shape[1], 1, dtype=torch.bool, device=self._device)
        output = self._networks.vocoder(mel, *pitch, self._placement.tensor(noise)[None], mask)
        return Waveform(to_array(output[0]), RATE_HZ)

    def _features(self, request: ConversionRequest) -> tuple[Tensor, Tensor, Tensor]:
        """Log-mel, F0 and voicing of a segment, computed unbatched so that padding cannot affect its edges."""
        samples, f0_hz, voiced = map(self._placement.tensor, (request.samples, request.f0_hz, request.voiced))
        return self._mel(samples[None])[0], f0_hz, voiced

    def _speech(self, row: int, samples: Samples, text: TextFrames) -> Speech:
        n_mels, frames = len(samples) // MEL_HOP_SAMPLES, text.frames
        lead, *tokens = text.durations[row, : int(text.n_symbols[row])].tolist()
        f0_hz = to_array(frames.f0_hz[row, :n_mels] * frames.voiced[row, :n_mels])
        return Speech(
            waveform=below_full_scale(Waveform(samples, self.rate_hz)),
            token_frames=tuple(tokens),
            lead_frames=lead,
            f0_hz=f0_hz,
            semantic=to_array(frames.semantic[row, : lead + sum(tokens)]),
        )
