"""Prosody network: latents of the utterance and of its words, and a flow over the words' F0 contours and durations.

A regression from text to F0 averages over all deliveries of a sentence. This network samples one: a latent for the
utterance and one for each word have priors given text and style (conditional VAE, Kingma and Welling 2014), and a
conditional coupling flow (Dinh et al. 2017, Real NVP) maps normal noise to the values of the words.

Legend: B batch, K words, C channels of the encoded text, S style, U, V channels of the latents, D values of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hierbatch.models.convnext import ConvNeXtStack, length_mask
from hierbatch.models.prosody.config import N_VALUES, ProsodyConfig
from hierbatch.models.prosody.gaussian import Gaussian

_MAX_LOG_SCALE = 1.5
_BLUR = 0.1
FREE_NATS = 0.5
"""Value of `free_nats` for training."""


@dataclass(frozen=True, slots=True)
class WordBatch:
    """Words of a batch of sentences.

    Shape:
        text     [B, K, C]  mean of the encoded symbols of each word
        lengths  [B]        words of each sentence
        style    [B, S]
    """

    text: Tensor
    lengths: Tensor
    style: Tensor

    @property
    def mask(self) -> Tensor:
        """True for words, False for padding. Shape: [B, K, 1]."""
        return length_mask(self.lengths, self.text.shape[1])[..., None]


@dataclass(frozen=True, slots=True)
class ProsodyNoise:
    """Standard normal noise; scaled down, it gives a more even delivery.

    Shape:
        utterance  [B, U]
        words      [B, K, V]
        values     [B, K, D]
    """

    utterance: Tensor
    words: Tensor
    values: Tensor

    @staticmethod
    def sample(
        config: ProsodyConfig,
        generators: Sequence[np.random.Generator],
        n_words: int,
        *,
        temperatures: Sequence[float] | None = None,
        device: torch.device | str = "cpu",
    ) -> ProsodyNoise:
        """Sample noise; the noise of a word is independent of the number of words.

        Args:
            config: sizes of the network.
            generators: source of randomness of each row.
            n_words: number of words of the longest row.
            temperatures: scale of the noise of each row; None for 1.
            device: device of the noise.
        """
        rows = []
        for generator, temperature in zip(generators, temperatures or [1.0] * len(generators), strict=True):
            utterance = generator.standard_normal(config.utterance_channels, dtype=np.float32)
            of_words = generator.standard_normal((n_words, config.word_channels + N_VALUES), dtype=np.float32)
            rows.append((temperature * utterance, temperature * of_words))
        utterances, words = (torch.from_numpy(np.stack(arrays)).to(device) for arrays in zip(*rows, strict=True))
        return ProsodyNoise(utterances, words[..., : config.word_channels], words[..., config.word_channels :])


@dataclass(frozen=True, slots=True)
class ProsodyTerms:
    """Terms of the loss in nats, each a mean per word: negative log likelihood of the values, and latent divergences.

    Without free bits, their sum is the negative evidence lower bound of a word, up to a constant.
    """

    values: Tensor
    utterance: Tensor
    words: Tensor

    @property
    def total(self) -> Tensor:
        """Sum of all terms."""
        return self.values + self.utterance + self.words


class _Coupling(nn.Module):
    """Affine coupling layer: one half of a word's values, with the condition, sets scale and shift of the other."""

    def __init__(self, config: ProsodyConfig, condition_channels: int) -> None:
        super().__init__()
        half = N_VALUES // 2
        self.stack = ConvNeXtStack(
            half + condition_channels, config.width, 2 * (N_VALUES - half), n_blocks=1, kernel=config.kernel
        )
        # A new layer is the identity.
        nn.init.zeros_(self.stack.output_projection.weight)
        nn.init.zeros_(self.stack.output_projection.bias)

    def forward(self, x: Tensor, condition: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Transform values towards noise. Shape: x [B, K, D] -> [B, K, D], log-determinant [B, K]."""
        kept, changed = x.split([N_VALUES // 2, N_VALUES - N_VALUES // 2], dim=-1)
        log_scale, shift = self._affine(kept, condition, mask)
        return torch.cat([kept, (changed + shift) * log_scale.exp()], dim=-1), log_scale.sum(-1)

    def reverse(self, z: Tensor, condition: Tensor, mask: Tensor) -> Tensor:
        """Inverse of `forward`. Shape: z [B, K, D] -> [B, K, D]."""
        kept, changed = z.split([N_VALUES // 2, N_VALUES - N_VALUES // 2], dim=-1)
        log_scale, shift = self._affine(kept, condition, mask)
        return torch.cat([kept, changed * torch.exp(-log_scale) - shift], dim=-1)

    def _affine(self, kept: Tensor, condition: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = self.stack(torch.cat([kept, condition], dim=-1), mask).chunk(2, dim=-1)
        return _MAX_LOG_SCALE * torch.tanh(log_scale), shift


class ProsodyNetwork(nn.Module):
    """Distribution of the words' F0 contours and durations given text and style.

    The values are standardized by `mean` and `scale`, which training sets.
    """

    def __init__(self, config: ProsodyConfig) -> None:
        super().__init__()
        self.config = config
        width, styles = config.width, config.style_channels
        utterance, words = config.utterance_channels, config.word_channels
        self.context = ConvNeXtStack(
            config.text_channels,
            width,
            width,
            n_blocks=config.context_blocks,
            kernel=config.kernel,
            style_channels=styles,
        )
        latent = {"n_blocks": config.latent_blocks, "kernel": config.kernel, "style_channels": styles}
        self.word_posterior = ConvNeXtStack(width + N_VALUES, width, 2 * words, **latent)
        self.word_prior = ConvNeXtStack(width + utterance, width, 2 * words, **latent)
        self.utterance_posterior = ConvNeXtStack(width + N_VALUES, width, width, **latent)
        self.utterance_posterior_output = nn.Linear(width, 2 * utterance)
        self.utterance_prior = nn.Sequential(
            nn.Linear(width + styles, width), nn.GELU(), nn.Linear(width, 2 * utterance)
        )
        condition = width + utterance + words
        self.couplings = nn.ModuleList(_Coupling(config, condition) for _ in range(config.n_couplings))
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(N_VALUES))
        self.register_buffer("scale", torch.ones(N_VALUES))

    def terms(self, batch: WordBatch, values: Tensor, noise: ProsodyNoise, *, free_nats: float = 0.0) -> ProsodyTerms:
        """Terms of the loss for recorded values.

        Args:
            batch: words.
            values: recorded values of the words.
            noise: noise for the posteriors of the latents; its `values` blur the recorded values slightly, since the
                density at values that repeat exactly, such as those of unvoiced words, is unbounded.
            free_nats: minimum that the divergence of each word and utterance counts as (free bits, Kingma et al. 2016),
                so that the latents are used.

        Shape:
            values  [B, K, D]
        """
        mask = batch.mask
        x = ((values - self.mean) / self.scale + _BLUR * noise.values) * mask
        context = self.context(batch.text, mask, batch.style)
        observed = torch.cat([context, x], dim=-1)
        pooled = _mean_of_words(self.utterance_posterior(observed, mask, batch.style), mask)
        posterior = Gaussian.split(self.utterance_posterior_output(pooled))
        utterance = posterior.sample(noise.utterance)
        word_posterior = Gaussian.split(self.word_posterior(observed, mask, batch.style))
        words = word_posterior.sample(noise.words)
        n_words = mask.sum()
        z, log_determinant = x, x.new_zeros(x.shape[:2])
        condition = self._condition(context, utterance, words)
        for coupling in self.couplings:
            z, log_slope = coupling(z, condition, mask)
            z, log_determinant = z.flip(-1), log_determinant + log_slope
        likelihood = (0.5 * (z**2).sum(-1) - log_determinant) * mask[..., 0]
        of_words = word_posterior.divergence(self._word_prior(context, utterance, batch)).clamp_min(free_nats)
        of_utterances = posterior.divergence(self._utterance_prior(context, batch)).clamp_min(free_nats)
        return ProsodyTerms(
            values=likelihood.sum() / n_words,
            utterance=of_utterances.sum() / n_words,
            words=(of_words * mask[..., 0]).sum() / n_words,
        )

    def forward(self, batch: WordBatch, noise: ProsodyNoise) -> Tensor:
        """Draw the values of the words. Shape: returns [B, K, D], zero for padding."""
        mask = batch.mask
        context = self.context(batch.text, mask, batch.style)
        utterance = self._utterance_prior(context, batch).sample(noise.utterance)
        words = self._word_prior(context, utterance, batch).sample(noise.words)
        condition = self._condition(context, utterance, words)
        x = noise.values
        for coupling in reversed(self.couplings):
            assert isinstance(coupling, _Coupling)
            x = coupling.reverse(x.flip(-1), condition, mask)
        return (x * self.scale + self.mean) * mask

    def _utterance_prior(self, context: Tensor, batch: WordBatch) -> Gaussian:
        pooled = torch.cat([_mean_of_words(context, batch.mask), batch.style], dim=-1)
        return Gaussian.split(self.utterance_prior(pooled))

    def _word_prior(self, context: Tensor, utterance: Tensor, batch: WordBatch) -> Gaussian:
        spread = utterance[:, None].expand(-1, context.shape[1], -1)
        return Gaussian.split(self.word_prior(torch.cat([context, spread], dim=-1), batch.mask, batch.style))

    def _condition(self, context: Tensor, utterance: Tensor, words: Tensor) -> Tensor:
        return torch.cat([context, utterance[:, None].expand(-1, context.shape[1], -1), words], dim=-1)


def _mean_of_words(x: Tensor, mask: Tensor) -> Tensor:
    """Mean over the words of each sentence. Shape: x [B, K, C], mask [B, K, 1] -> [B, C]."""
    return (x * mask).sum(1) / mask.sum(1).clamp_min(1)
