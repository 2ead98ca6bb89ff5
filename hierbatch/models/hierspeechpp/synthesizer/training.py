"""Training of the synthesizer: forward pass over recorded speech, and losses (HierSpeech++, section III-B).

    recording --acoustic encoder--> z_a     posterior of the sound
    features, pitch --semantic encoder--> z_s     posterior of the semantic level, prior of the acoustic one
    features of a perturbed recording, pitch --prior--> z_l     prior without the speaker

Legend: B batch, C channels, T frames (50/s), U frames of the voice (50/s), L samples, K bins, M mel bands, S style,
W frames of a slice, hop samples per frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.synthesizer.encoders import sample_latent
from hierbatch.models.hierspeechpp.synthesizer.losses import prior_loss
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer, TrainingModules


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerInputs:
    """Recorded speech with its features, zero-padded.

    Shape:
        sound               [B, 1, L]  at the synthesizer's rate
        spectrogram         [B, K, T]
        semantic            [B, 1024, T]
        perturbed_semantic  [B, 1024, T]  semantic vectors of the recording with another pitch and timbre
        f0_hz               [B, 4 T]  zero where unvoiced
        mel                 [B, M, T]  log-mel, target of the prosody decoder
        style_mel           [B, M, U]  log-mel of the voice
        lengths             [B]  frames
        style_lengths       [B]  frames
        noise               [3, B, C, T]  standard normal noise for the three latents
        slice_starts        [B]  first frame of the slice that is synthesized
        is_unstyled         [B]  True for rows that are synthesized with the null style
    """

    sound: Tensor
    spectrogram: Tensor
    semantic: Tensor
    perturbed_semantic: Tensor
    f0_hz: Tensor
    mel: Tensor
    style_mel: Tensor
    lengths: Tensor
    style_lengths: Tensor
    noise: Tensor
    slice_starts: Tensor
    is_unstyled: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """Sample of a latent with the parameters of its distribution. Shape: sample, mean, log_scale [B, C, T]."""

    sample: Tensor
    mean: Tensor
    log_scale: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerPass:
    """Outputs of a forward pass.

    Shape:
        prosody              [B, 20, T]  predicted lowest mel bands
        sound, real_sound    [B, 1, W hop]  generated and recorded slices
        log_f0, real_log_f0  [B, 1, 4 W]  ln(F0 + 1) of the slices, predicted and recorded
    """

    acoustic: Latent
    semantic: Latent
    prior: Latent
    divergences: LatentDivergences
    prosody: Tensor
    sound: Tensor
    real_sound: Tensor
    log_f0: Tensor
    real_log_f0: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentDivergences:
    """Divergences between adjacent levels, means over the frames. Shape: acoustic, semantic, reverse []."""

    acoustic: Tensor
    """Divergence of the acoustic posterior, mapped by the flow, from the semantic posterior."""
    semantic: Tensor
    """Divergence of the semantic posterior, mapped by the flow, from the prior."""
    reverse: Tensor
    """Sum of the divergences of the lower levels, mapped by the reversed flows, from the levels above."""


def training_pass(network: Synthesizer, inputs: SynthesizerInputs, slice_frames: int) -> SynthesizerPass:
    """Run a forward pass over recorded speech.

    Args:
        network: network in training, with its training modules.
        inputs: recorded speech.
        slice_frames: number of frames of each row that are synthesized.
    """
    mask = frame_mask(inputs.lengths, inputs.semantic.shape[-1])
    style = network.encode_style(inputs.style_mel, inputs.style_lengths)
    acoustic, semantic, prior = encode_latents(network, inputs, mask, style)
    prosody = _training_parts(network).prosody(semantic.sample, mask, style)
    latent = slice_rows(acoustic.sample, inputs.slice_starts, slice_frames)
    null_style = network.unconditional_style(len(style))
    slice_style = torch.where(inputs.is_unstyled[:, None], null_style, style)
    lengths = torch.full_like(inputs.lengths, slice_frames)
    excitation, log_f0 = network.source(latent, lengths, slice_style)
    hop, per_frame = network.config.hop_samples, network.config.f0_per_frame
    real_log_f0 = torch.log1p(inputs.f0_hz)[:, None]
    return SynthesizerPass(
        acoustic=acoustic,
        semantic=semantic,
        prior=prior,
        divergences=_divergences(network, (acoustic, semantic, prior), mask, style),
        prosody=prosody,
        sound=network.waveform(latent, excitation, lengths, slice_style),
        real_sound=slice_rows(inputs.sound, inputs.slice_starts * hop, slice_frames * hop),
        log_f0=log_f0,
        real_log_f0=slice_rows(real_log_f0, inputs.slice_starts * per_frame, slice_frames * per_frame),
    )


def encode_latents(
    network: Synthesizer, inputs: SynthesizerInputs, mask: Tensor, style: Tensor
) -> tuple[Latent, Latent, Latent]:
    """Sample the acoustic posterior, the semantic posterior and the prior, returned in this order.

    Args:
        network: network with its training modules.
        inputs: recorded speech.
        mask: valid frames.
        style: style vectors.

    Shape:
        mask   [B, 1, T]
        style  [B, S]
    """
    modules = _training_parts(network)
    log_f0 = torch.log1p(inputs.f0_hz)[:, None]
    distributions = (
        modules.acoustic_encoder(inputs.spectrogram, inputs.sound, inputs.lengths, style),
        modules.semantic_encoder(inputs.semantic, log_f0, mask, style),
        network.prior(inputs.perturbed_semantic, log_f0, mask, style),
    )
    acoustic, semantic, prior = (
        Latent(sample=sample_latent(mean, log_scale, noise, mask), mean=mean, log_scale=log_scale)
        for (mean, log_scale), noise in zip(distributions, inputs.noise, strict=True)
    )
    return acoustic, semantic, prior


def _divergences(
    network: Synthesizer, latents: tuple[Latent, Latent, Latent], mask: Tensor, style: Tensor
) -> LatentDivergences:
    acoustic, semantic, prior = latents
    upper, lower = network.acoustic_flow, network.semantic_flow
    reverse = _divergence(upper.reverse(semantic.sample, mask, style), semantic, acoustic, mask) + _divergence(
        lower.reverse(prior.sample, mask, style), prior, semantic, mask
    )
    return LatentDivergences(
        acoustic=_divergence(upper(acoustic.sample, mask, style), acoustic, semantic, mask),
        semantic=_divergence(lower(semantic.sample, mask, style), semantic, prior, mask),
        reverse=reverse,
    )


def _divergence(transformed: Tensor, source: Latent, target: Latent, mask: Tensor) -> Tensor:
    """Divergence of a transformed sample of `source` from `target`, in float32."""
    with torch.autocast(mask.device.type, enabled=False):
        return prior_loss(
            transformed.float(), source.log_scale.float(), target.mean.float(), target.log_scale.float(), mask
        )


def prosody_loss(predicted: Tensor, mel: Tensor, lengths: Tensor) -> Tensor:
    """Mean absolute error of the lowest mel bands over the valid frames.

    Shape:
        predicted  [B, 20, T]
        mel        [B, M, T]
        lengths    [B]
        returns    []
    """
    n_bands = predicted.shape[1]
    mask = frame_mask(lengths, mel.shape[-1])
    error = (predicted.float() - mel[:, :n_bands]).abs() * mask
    return error.sum() / (n_bands * mask.sum())


def slice_rows(x: Tensor, starts: Tensor, length: int) -> Tensor:
    """Cut a slice out of every row, with zeros past the end of the batch. Shape: [B, C, T] -> [B, C, length]."""
    positions = starts[:, None] + torch.arange(length, device=x.device)
    padded = F.pad(x, (0, max(0, length - x.shape[-1] + int(starts.max()))))
    return padded.gather(2, positions[:, None].expand(-1, x.shape[1], -1))


def _training_parts(network: Synthesizer) -> TrainingModules:
    assert network.training_modules is not None
    return network.training_modules
