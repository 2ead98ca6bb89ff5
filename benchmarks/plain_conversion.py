"""Direct implementation of the published synthesizer and SpeechSR, for one row without padding.

It uses published weight names and plain operators and shares no code with `hierbatch.models`. It generates golden
folders and serves as a reference for readers of our implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from plain_weights import PlainWeights
from torch import Tensor

HEADS = 2
RATES = (4, 5, 4, 2, 2)


@dataclass(frozen=True, slots=True)
class PlainConversion:
    """All intermediate results from semantic vectors to waveform."""

    style: Tensor
    mean: Tensor
    log_scale: Tensor
    semantic: Tensor
    acoustic: Tensor
    excitation: Tensor
    log_f0: Tensor
    sound: Tensor


def convert(
    w: PlainWeights, semantic: Tensor, f0: Tensor, style: Tensor, noise: Tensor, rates: Sequence[int] = RATES
) -> PlainConversion:
    """Convert one row.

    Args:
        w: weights of the synthesizer.
        semantic: content features. Shape: [1, 1024, T].
        f0: normalized log-F0. Shape: [1, 1, 4 T].
        style: style vector. Shape: [1, 256].
        noise: latent noise, already scaled. Shape: [1, 192, T].
        rates: factors of the upsampling stages.
    """
    mean, log_scale = _prior(w, "enc_p_l", semantic, f0, style)
    z = mean + noise * log_scale.exp()
    z_semantic = _flow_back(w, "flow_l", z, style)
    z_acoustic = _flow_back(w, "flow", z_semantic, style)
    excitation, log_f0 = _source(w, z_acoustic, style)
    sound = _wave(w, z_acoustic, excitation, style, rates)
    return PlainConversion(style, mean, log_scale, z_semantic, z_acoustic, excitation, log_f0, sound)


def style_of(w: PlainWeights, mel: Tensor) -> Tensor:
    """Style vector of a mel spectrogram. Shape: [B, 80, T] -> [B, 256]."""
    p = "emb_g"
    x = F.mish(w.conv(f"{p}.spectral.3", F.mish(w.conv(f"{p}.spectral.0", mel))))
    for i in range(2):
        wave, gate = w.conv(f"{p}.temporal.{i}.conv1", x).chunk(2, dim=1)
        x = x + wave * gate.sigmoid()
    query, key, value = (
        w.conv(f"{p}.slf_attn.conv_{part}", x).unflatten(1, (HEADS, -1)).transpose(2, 3) for part in "qkv"
    )
    attended = ((query @ key.transpose(2, 3)) / query.shape[-1] ** 0.5).softmax(-1) @ value
    x = x + w.conv(f"{p}.slf_attn.conv_o", attended.transpose(2, 3).flatten(1, 2))
    return w.conv(f"{p}.fc", x).mean(2)


def super_resolve(w: PlainWeights, sound: Tensor, ratio: float) -> Tensor:
    """Bandwidth extension by SpeechSR. Shape: [B, 1, N] -> [B, 1, floor(ratio N)]."""
    x = w.conv("dec.conv_pre", sound)
    x = F.interpolate(x, size=int(sound.shape[-1] * ratio), mode="linear")
    x = sum(_snake_block(w, f"dec.resblocks.{i}", x) for i in range(3)) / 3
    return torch.tanh(w.conv("dec.conv_post", _snake(w, "dec.activation_post", x)))


def _wavenet(w: PlainWeights, name: str, x: Tensor, style: Tensor, n_layers: int = 8) -> Tensor:
    shifts = w.conv(f"{name}.cond_layer", style[:, :, None]).chunk(n_layers, dim=1)
    total, channels = torch.zeros_like(x), x.shape[1]
    for i in range(n_layers):
        wave, gate = (w.conv(f"{name}.in_layers.{i}", x) + shifts[i]).chunk(2, dim=1)
        y = w.conv(f"{name}.res_skip_layers.{i}", wave.tanh() * gate.sigmoid())
        if i == n_layers - 1:
            return total + y[:, -channels:]
        x, total = x + y[:, :channels], total + y[:, channels:]
    return total


def _prior(w: PlainWeights, p: str, semantic: Tensor, f0: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
    source = _wavenet(w, f"{p}.source_enc", w.conv(f"{p}.pre_source", semantic), style)
    pitch = _wavenet(w, f"{p}.filter_enc", w.conv(f"{p}.pre_filter", f0, stride=4), style)
    mean, log_scale = w.conv(f"{p}.proj", _wavenet(w, f"{p}.enc", source + pitch, style)).chunk(2, dim=1)
    return mean, log_scale


def _flow_back(w: PlainWeights, p: str, z: Tensor, style: Tensor) -> Tensor:
    condition = w.linear(f"{p}.cond_block.2", F.silu(w.linear(f"{p}.cond_block.0", style)))
    for i in (6, 4, 2, 0):
        unchanged, shifted = z.flip(1).chunk(2, dim=1)
        x = w.conv(f"{p}.flows.{i}.pre", unchanged)
        for j in range(3):
            x = _styled_block(w, f"{p}.flows.{i}.enc_block.{j}", x, condition)
        z = torch.cat([unchanged, shifted - w.conv(f"{p}.flows.{i}.post", x)], dim=1)
    return z


def _styled_block(w: PlainWeights, name: str, x: Tensor, condition: Tensor) -> Tensor:
    modulation = w.linear(f"{name}.adaLN_modulation.1", F.silu(condition))[:, :, None]
    shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = modulation.chunk(6, dim=1)
    y = (_layer_norm(x) * (1 + scale) + shift).transpose(1, 2)
    query, key, value = w.linear(f"{name}.attn.qkv", y).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
    attended = ((query @ key.transpose(2, 3)) * query.shape[-1] ** -0.5).softmax(-1) @ value
    x = x + gate * w.linear(f"{name}.attn.proj", attended.transpose(1, 2).flatten(2)).transpose(1, 2)
    y = F.gelu(w.conv(f"{name}.mlp.fc1", _layer_norm(x) * (1 + mlp_scale) + mlp_shift), approximate="tanh")
    return x + mlp_gate * w.conv(f"{name}.mlp.fc2", y)


def _layer_norm(x: Tensor) -> Tensor:
    """Layer norm over channels, without affine weights."""
    return F.layer_norm(x.transpose(1, 2), x.shape[1:2], eps=1e-6).transpose(1, 2)


def _source(w: PlainWeights, z: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
    x = w.conv("sn.conv_pre", z) + w.conv("sn.cond", style[:, :, None])
    for i in range(2):
        x = w.conv_transpose(f"sn.ups.{i}", x, 2)
        x = sum(_snake_block(w, f"sn.resblocks.{3 * i + j}", x) for j in range(3)) / 3
    excitation = _snake(w, "sn.activation_post", x)
    return excitation, w.conv("sn.conv_post", excitation)


def _wave(w: PlainWeights, z: Tensor, excitation: Tensor, style: Tensor, rates: Sequence[int]) -> Tensor:
    decimated = excitation[:, :, ::4]
    y = decimated
    for i, dilation in enumerate((1, 2, 4)):
        y = w.conv(f"dec.downs.conv.{i}", F.leaky_relu(y, 0.1), dilation=dilation)
    downsampled = y + w.conv("dec.downs.residual_dense", decimated)
    x = w.conv("dec.conv_pre", z) + downsampled + w.conv("dec.cond", style[:, :, None])
    for i, rate in enumerate(rates):
        x = w.conv_transpose(f"dec.ups.{i}", x, rate)
        x = x + w.conv("dec.proj", excitation) if i == 0 else x
        x = sum(_snake_block(w, f"dec.resblocks.{3 * i + j}", x) for j in range(3)) / 3
    return torch.tanh(w.conv("dec.conv_post", _snake(w, "dec.activation_post", x)))


def _snake_block(w: PlainWeights, name: str, x: Tensor) -> Tensor:
    for i, dilation in enumerate((1, 3, 5)):
        y = w.conv(f"{name}.convs1.{i}", _snake(w, f"{name}.activations.{2 * i}", x), dilation=dilation)
        x = x + w.conv(f"{name}.convs2.{i}", _snake(w, f"{name}.activations.{2 * i + 1}", y))
    return x


def _snake(w: PlainWeights, name: str, x: Tensor) -> Tensor:
    """Upsample by a transposed convolution, apply `x + sin(a x)^2 / b`, downsample by a strided convolution."""
    channels = x.shape[1]
    frequency = w.tensors[f"{name}.act.alpha"].exp()[:, None]
    sharpness = w.tensors[f"{name}.act.beta"].exp()[:, None] + 1e-9
    up = w.tensors[f"{name}.upsample.filter"].expand(channels, 1, -1)
    down = w.tensors[f"{name}.downsample.lowpass.filter"].expand(channels, 1, -1)
    x = F.pad(x, (5, 5), mode="replicate")
    x = 2 * F.conv_transpose1d(x, up, stride=2, groups=channels)[:, :, 15:-15]
    x = x + torch.sin(x * frequency).square() / sharpness
    return F.conv1d(F.pad(x, (5, 6), mode="replicate"), down, stride=2, groups=channels)
