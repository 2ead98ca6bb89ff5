"""Training of TTV: forward pass over recorded speech, and losses (HierSpeech++, section III-C).

Legend: B batch, C channels, N symbols, T frames (50/s), K symbols without blanks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.text_to_vector.alignment import search_alignment
from hierbatch.models.hierspeechpp.text_to_vector.model import TextPrior, TextToVector
from hierbatch.models.hierspeechpp.text_to_vector.word_prosody import encode_words, recorded_values
from hierbatch.models.prosody.network import FREE_NATS, ProsodyNoise, ProsodyTerms

SLICE_FRAMES = 60
"""Number of frames per row on which the pitch predictor is trained in one step."""
F0_PER_FRAME = 4
SEMANTIC_WEIGHT, DIVERGENCE_WEIGHT = 10.0, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingBatch:
    """Batch of texts with their recordings, zero-padded.

    Shape:
        semantic       [B, 1024, T]
        mel            [B, 80, T]   input of the style encoder
        f0_hz          [B, 4T]      zero where unvoiced
        n_frames       [B]
        tokens         [B, N]       symbol ids with blanks
        n_tokens       [B]
        symbols        [B, K]       symbol ids without blanks
        n_symbols      [B]
        slice_starts   [B]          first frame of the slice for the pitch predictor
        languages      [B]          ids; None for a network of one language
        words          [B, N]       index of each token's word; only for a network with prosody
    """

    semantic: Tensor
    mel: Tensor
    f0_hz: Tensor
    n_frames: Tensor
    tokens: Tensor
    n_tokens: Tensor
    symbols: Tensor
    n_symbols: Tensor
    slice_starts: Tensor
    languages: Tensor | None = None
    words: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPass:
    """Outputs of a forward pass. Shapes: latents and their parameters [B, C, T]; alignment, scores [B, T, N]."""

    latent: Tensor
    z_p: Tensor
    posterior_mean: Tensor
    posterior_log_scale: Tensor
    prior_mean: Tensor
    prior_log_scale: Tensor
    scores: Tensor
    alignment: Tensor
    semantic: Tensor
    log_f0: Tensor
    duration_losses: Tensor
    symbol_logits: Tensor
    prosody: ProsodyTerms | None = None
    """Terms of the prosody network, if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Losses of a training step, and their weighted sum as in the published training. Shape: each []."""

    semantic: Tensor
    divergence: Tensor
    pitch: Tensor
    durations: Tensor
    symbols: Tensor

    @property
    def total(self) -> Tensor:
        """Weighted sum of all losses."""
        weighted = SEMANTIC_WEIGHT * self.semantic + DIVERGENCE_WEIGHT * self.divergence
        return weighted + self.pitch + self.durations + self.symbols


def training_pass(
    network: TextToVector,
    batch: TrainingBatch,
    *,
    latent_noise: Tensor,
    duration_noise: Tensor,
    prosody_noise: ProsodyNoise | None = None,
    legacy_padding: bool = False,
) -> TrainingPass:
    """Run a forward pass over recorded speech.

    Args:
        network: network in training.
        batch: texts with recordings.
        latent_noise: standard normal noise for the latent.
        duration_noise: standard normal noise for the duration predictor.
        prosody_noise: standard normal noise for the prosody network, if there is one.
        legacy_padding: treat padding as the published code does; only for comparison with that code.

    Shape:
        latent_noise    [B, C, T]
        duration_noise  [B, 2, N]
    """
    mask = frame_mask(batch.n_frames, batch.semantic.shape[2])
    style = network.style(batch.mel, batch.n_frames, legacy_padding=legacy_padding)
    text_style = network.text_style(style, batch.languages)
    prior = network.encode_text(batch.tokens, batch.n_tokens, text_style)
    mean, log_scale = network.posterior_encoder(batch.semantic, mask, style)
    latent = (mean + latent_noise * torch.exp(log_scale)) * mask
    z_p = network.flow(latent, mask, style, legacy_padding=legacy_padding)
    scores = alignment_scores(prior, z_p)
    path = search_alignment(scores.cpu().numpy(), batch.n_frames.cpu().numpy(), batch.n_tokens.cpu().numpy())
    alignment = torch.from_numpy(path).to(scores)
    prior_mean, prior_log_scale = prior.mean.to(scores), prior.log_scale.to(scores)
    durations = alignment.sum(1, keepdim=True)
    pitch_input = slice_semantic(batch.semantic, batch.slice_starts)
    whole = mask.new_ones(len(mask), 1, SLICE_FRAMES)
    return TrainingPass(
        latent=latent,
        z_p=z_p,
        posterior_mean=mean,
        posterior_log_scale=log_scale,
        prior_mean=prior_mean @ alignment.transpose(1, 2),
        prior_log_scale=prior_log_scale @ alignment.transpose(1, 2),
        scores=scores,
        alignment=alignment,
        semantic=network.decoder(latent, mask, style),
        log_f0=network.pitch(pitch_input, whole, style),
        duration_losses=_duration_losses(network, prior, text_style, durations, duration_noise),
        symbol_logits=network.symbol_classifier(latent * mask),
        prosody=_prosody_terms(network, prior, text_style, batch, path, prosody_noise),
    )


def _duration_losses(
    network: TextToVector, prior: TextPrior, style: Tensor, durations: Tensor, noise: Tensor
) -> Tensor:
    """Negative log likelihood of each row's durations, divided by the batch's symbol count, in float32. Shape: [B]."""
    with torch.autocast(style.device.type, enabled=False):
        losses = network.durations.negative_log_likelihood(
            prior.hidden.float(), prior.mask, style.float(), durations.float(), noise
        )
    return losses / prior.mask.sum()


def _prosody_terms(
    network: TextToVector,
    prior: TextPrior,
    style: Tensor,
    batch: TrainingBatch,
    path: npt.NDArray[Any],
    noise: ProsodyNoise | None,
) -> ProsodyTerms | None:
    """Terms of the prosody network on the aligned words, in float32. Shape: path [B, T, N]."""
    if network.prosody is None or batch.words is None or noise is None:
        return None
    f0_hz, words = batch.f0_hz.cpu().numpy(), batch.words.cpu().numpy()
    rows = [
        torch.from_numpy(recorded_values(row_words, row_path.sum(0).astype(np.int64), row_f0_hz))
        for row_words, row_path, row_f0_hz in zip(words, path, f0_hz, strict=True)
    ]
    with torch.autocast(style.device.type, enabled=False):
        encoded = encode_words(prior, batch.words, style)
        values = pad_sequence(rows, batch_first=True).to(encoded.text)
        return network.prosody.terms(encoded, values, noise, free_nats=FREE_NATS)


@torch.no_grad()
def alignment_scores(prior: TextPrior, z_p: Tensor) -> Tensor:
    """Log likelihood of each frame's latent under each symbol's prior, in float32. Shape: [B, C, T] -> [B, T, N]."""
    with torch.autocast(z_p.device.type, enabled=False):
        return _alignment_scores(prior.mean.float(), prior.log_scale.float(), z_p.float())


def _alignment_scores(mean: Tensor, log_scale: Tensor, z_p: Tensor) -> Tensor:
    precision = torch.exp(-2 * log_scale)
    constant = (-0.5 * math.log(2 * math.pi) - log_scale).sum(1, keepdim=True)
    squares = -0.5 * (z_p**2).transpose(1, 2) @ precision
    cross_terms = z_p.transpose(1, 2) @ (mean * precision)
    mean_squares = (-0.5 * mean**2 * precision).sum(1, keepdim=True)
    return constant + squares + cross_terms + mean_squares


def compute_losses(found: TrainingPass, batch: TrainingBatch, *, is_masked: bool = False) -> Losses:
    """Compute the losses of a forward pass, in float32.

    Args:
        found: outputs of the forward pass.
        batch: input of the forward pass.
        is_masked: True to leave padding out of the semantic loss. The published network, when trained in this way,
            paused and repeated words at random.
    """
    mask = frame_mask(batch.n_frames, batch.semantic.shape[2])
    error = (found.semantic.float() - batch.semantic).abs()
    log_probabilities = found.symbol_logits.float().log_softmax(1).permute(2, 0, 1)  # [T, B, symbols]
    return Losses(
        semantic=(error * mask).sum() / (error.shape[1] * mask.sum()) if is_masked else error.mean(),
        divergence=_divergence(found, mask),
        pitch=F.l1_loss(found.log_f0.float(), slice_log_f0(batch)),
        durations=found.duration_losses.sum(),
        symbols=F.ctc_loss(log_probabilities, batch.symbols, batch.n_frames, batch.n_symbols),
    )


def _divergence(found: TrainingPass, mask: Tensor) -> Tensor:
    """Kullback-Leibler divergence per frame, summed over channels, from one sample."""
    tensors = found.z_p, found.posterior_log_scale, found.prior_mean, found.prior_log_scale
    z_p, log_scale, prior_mean, prior_log_scale = (tensor.float() for tensor in tensors)
    distance = (z_p - prior_mean) ** 2 * torch.exp(-2 * prior_log_scale)
    divergence = prior_log_scale - log_scale - 0.5 + 0.5 * distance
    return (divergence * mask).sum() / mask.sum()


def slice_semantic(semantic: Tensor, starts: Tensor) -> Tensor:
    """Cut the slice for the pitch predictor out of every row. Shape: [B, 1024, T] -> [B, 1024, 60]."""
    return _slices(semantic, starts, SLICE_FRAMES)


def slice_log_f0(batch: TrainingBatch) -> Tensor:
    """Target of the pitch predictor, ln(F0 + 1) of the slice. Shape: [B, 1, 240]."""
    starts = batch.slice_starts * F0_PER_FRAME
    return torch.log1p(_slices(batch.f0_hz[:, None], starts, SLICE_FRAMES * F0_PER_FRAME))


def _slices(x: Tensor, starts: Tensor, n_frames: int) -> Tensor:
    """Cut a slice out of every row, with zeros past the end of the batch. Shape: [B, C, T] -> [B, C, n_frames]."""
    x = F.pad(x, (0, n_frames))
    return torch.stack([row[:, start : start + n_frames] for row, start in zip(x, starts.tolist(), strict=True)])
