"""Configuration of synthesizer training. Defaults are the published values, except those marked as ours."""

from __future__ import annotations

from dataclasses import dataclass, field

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.training.hierspeechpp.settings import AdamWSettings, RunSettings, SpeechDataSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerLossWeights:
    """Table `losses`: weights of the losses. Names such as c_mel are those in the published configuration."""

    mel: float = 45.0
    """Error of the log-mel of the synthesized slice; c_mel."""
    prosody: float = 45.0
    """Error of the lowest 20 log-mel bands predicted from the semantic latent; value from an issue by the authors."""
    pitch: float = 45.0
    """Error of ln(F0 + 1) of the slice; c_f0."""
    divergence: float = 1.0
    """Each of the two divergences between latents; c_kl."""
    reverse_divergence: float = 0.5
    """Divergences through the reversed flows; c_bi_kl. The form of this loss is ours."""
    adversarial: float = 1.0
    feature_matching: float = 2.0
    """Feature matching; the value is that of HiFi-GAN, since none was published."""
    mixup: float = 0.0
    """c_mixup, which is 1 in the published configuration; its loss is not known, so only 0 is accepted."""
    phonemes: float = 0.0
    """c_pho, which is 45 in the published configuration; its loss is not known, so only 0 is accepted."""

    def __post_init__(self) -> None:
        if self.mixup or self.phonemes:
            raise InputError(
                "The losses mixup and phonemes are reserved", expected="0", got=f"{self.mixup:g}, {self.phonemes:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerTraining:
    """Complete configuration for training a synthesizer."""

    rate_hz: int = 16_000
    network: SynthesizerConfig = field(default_factory=SynthesizerConfig)
    discriminators: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    losses: SynthesizerLossWeights = field(default_factory=SynthesizerLossWeights)
    slice_frames: int = 30
    """Number of frames synthesized per row; 30 are 9,600 samples at 16 kHz. Ours: none was published."""
    spectrogram_power: float = 1.0
    """Exponent of the linear spectrogram. Ours, as in VITS: none was published."""
    mel_resolutions: tuple[tuple[int, ...], ...] = ((1280, 320, 80),)
    """For each spectrogram of the mel loss: FFT size and hop in samples, and number of bands."""
    null_style_share: float = 0.1
    """Share of rows synthesized with the null style; uncond_ratio in the published configuration."""
    optimizer: AdamWSettings = field(
        default_factory=lambda: AdamWSettings(learning_rate=1e-4, learning_rate_decay=0.999**0.125)
    )
    data: SpeechDataSettings = field(default_factory=lambda: SpeechDataSettings(batch_rows=80, max_frames=192))
    run: RunSettings = field(default_factory=lambda: RunSettings(n_steps=1_200_000))

    def __post_init__(self) -> None:
        """Check that rate, hop, spectrogram and slice fit together.

        Raises:
            InputError: two of them do not fit together.
        """
        expected_hop = self.rate_hz // FRAMES_PER_SECOND
        if self.network.hop_samples != expected_hop:
            raise InputError(
                "The waveform stages do not fit the rate",
                expected=f"waveform_rates with product {expected_hop} at {self.rate_hz} Hz",
                got=f"{self.network.waveform_rates} with product {self.network.hop_samples}",
            )
        if self.network.n_bins != self.n_fft // 2 + 1:
            raise InputError(
                "n_bins does not fit the spectrogram", expected=str(self.n_fft // 2 + 1), got=str(self.network.n_bins)
            )
        if self.data.min_frames < self.slice_frames:
            raise InputError(
                "Rows may be shorter than a slice",
                expected=f"data.min_frames of {self.slice_frames} or more",
                got=str(self.data.min_frames),
            )

    @property
    def n_fft(self) -> int:
        """FFT size of the linear spectrogram in samples: four frames."""
        return 4 * self.network.hop_samples
