"""Direct implementation of the published discriminators and denoiser, and of the signal processing around the networks.

It uses published weight names and plain operators and shares no code with `hierbatch`. It generates golden folders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from plain_weights import PlainWeights
from torch import Tensor

PERIODS = (2, 3, 5, 7, 11)
Output = tuple[Tensor, list[Tensor]]
"""A discriminator's scores and the feature maps of its convolutions."""


def discriminate(w: PlainWeights, sound: Tensor, ffts: Sequence[int]) -> list[Output]:
    """Run every discriminator.

    Args:
        w: weights of the discriminators.
        sound: waveform. Shape: [B, 1, L].
        ffts: FFT sizes of the spectral discriminators.
    """
    spectral = [_spectrum_discriminator(w, f"discriminators.{i}", sound, n_fft) for i, n_fft in enumerate(ffts)]
    return spectral + [
        _period_discriminator(w, f"discriminators.{len(ffts) + i}", sound, period) for i, period in enumerate(PERIODS)
    ]


def _spectrum_discriminator(w: PlainWeights, name: str, sound: Tensor, n_fft: int) -> Output:
    window = w.tensors[f"{name}.spec_transform.window"]
    frames = sound[:, 0].unfold(1, n_fft, n_fft // 4) * window
    spectrum = torch.fft.rfft(frames) / window.square().sum().sqrt()
    x, features = torch.stack([spectrum.real, spectrum.imag], dim=1), []
    shapes = [((1, 1), 1, (1, 4)), *(((1, 2), d, (d, 4)) for d in (1, 2, 4)), ((1, 1), 1, (1, 1))]
    for i, (stride, dilation, padding) in enumerate(shapes):
        layer = f"{name}.convs.{i}"
        x = F.leaky_relu(F.conv2d(x, w.weight(layer), w.bias(layer), stride, padding, (dilation, 1)), 0.1)
        features.append(x)
    return _score(w, name, x, features, (1, 1))


def _period_discriminator(w: PlainWeights, name: str, sound: Tensor, period: int) -> Output:
    padded = F.pad(sound, (0, -sound.shape[-1] % period), mode="reflect")
    x, features = padded.reshape(len(sound), 1, -1, period), []
    for i, stride in enumerate((3, 3, 3, 3, 1)):
        layer = f"{name}.convs.{i}"
        x = F.leaky_relu(F.conv2d(x, w.weight(layer), w.bias(layer), (stride, 1), (2, 0)), 0.1)
        features.append(x)
    return _score(w, name, x, features, (1, 0))


def _score(w: PlainWeights, name: str, x: Tensor, features: list[Tensor], padding: tuple[int, int]) -> Output:
    layer = f"{name}.conv_post"
    x = F.conv2d(x, w.weight(layer), w.bias(layer), 1, padding)
    return x.flatten(1), [*features, x]


def denoised(w: PlainWeights, magnitude: Tensor, phase: Tensor) -> tuple[Tensor, Tensor]:
    """Run the denoiser's network on magnitude and phase. Shapes: [201, T], [201, T] -> [201, T], [201, T]."""
    x = torch.stack([magnitude.T, phase.T])[None]
    x = _norm_prelu(
        w, "dense_encoder.dense_conv_1", 1, F.conv2d(x, *_weight_and_bias(w, "dense_encoder.dense_conv_1.0"))
    )
    x = _dense(w, "dense_encoder.dense_block.dense_block", x)
    x = F.conv2d(x, *_weight_and_bias(w, "dense_encoder.dense_conv_2.0"), stride=(1, 2))
    x = _norm_prelu(w, "dense_encoder.dense_conv_2", 1, x)[0].permute(1, 2, 0)  # [T, F, C]
    for i in range(4):
        # The published attention runs over the first dimension of its input: across frequencies, then across time.
        x = x + _conformer(w, f"TSConformer.{i}.time_conformer", x.transpose(0, 1)).transpose(0, 1)
        x = x + _conformer(w, f"TSConformer.{i}.freq_conformer", x)
    x = x.permute(2, 0, 1)[None]
    y = _dense(w, "mask_decoder.dense_block.dense_block", x)
    y = F.conv_transpose2d(y, *_weight_and_bias(w, "mask_decoder.mask_conv.0"), stride=(1, 2))
    y = _norm_prelu(w, "mask_decoder.mask_conv", 2, F.conv2d(y, *_weight_and_bias(w, "mask_decoder.mask_conv.1")))
    y = F.conv2d(y, *_weight_and_bias(w, "mask_decoder.mask_conv.4"))[0, 0].T
    mask = 2 * torch.sigmoid(w.tensors["mask_decoder.lsigmoid.slope"] * y)
    y = _dense(w, "phase_decoder.dense_block.dense_block", x)
    y = F.conv_transpose2d(y, *_weight_and_bias(w, "phase_decoder.phase_conv.0"), stride=(1, 2))
    y = _norm_prelu(w, "phase_decoder.phase_conv", 1, y)
    real, imaginary = (F.conv2d(y, *_weight_and_bias(w, f"phase_decoder.phase_conv_{part}"))[0, 0].T for part in "ri")
    return mask * magnitude, torch.atan2(imaginary, real)


def _weight_and_bias(w: PlainWeights, name: str) -> tuple[Tensor, Tensor | None]:
    return w.weight(name), w.bias(name)


def _norm_prelu(w: PlainWeights, name: str, layer: int, x: Tensor) -> Tensor:
    """Apply instance norm and PReLU, which are layers `layer` and `layer + 1` of a sequential module."""
    x = F.instance_norm(x, weight=w.weight(f"{name}.{layer}"), bias=w.bias(f"{name}.{layer}"))
    return F.prelu(x, w.weight(f"{name}.{layer + 1}"))


def _dense(w: PlainWeights, name: str, x: Tensor) -> Tensor:
    inputs = x
    for i in range(4):
        y = F.conv2d(inputs, *_weight_and_bias(w, f"{name}.{i}.0"), padding=(2**i, 1), dilation=(2**i, 1))
        x = _norm_prelu(w, f"{name}.{i}", 1, y)
        inputs = torch.cat([x, inputs], dim=1)
    return x


def _conformer(w: PlainWeights, name: str, x: Tensor) -> Tensor:
    """Conformer block with attention over K and convolution over S. Shape: [K, S, 64]."""
    x = x + 0.5 * _feed_forward(w, f"{name}.ffm1.ffm", x)
    y = w.layer_norm(f"{name}.attn.layernorm", x).transpose(0, 1)  # [S, K, 64]
    heads = F.linear(y, w.tensors[f"{name}.attn.attn.in_proj_weight"], w.tensors[f"{name}.attn.attn.in_proj_bias"])
    query, key, value = heads.unflatten(2, (3, 4, -1)).permute(2, 0, 3, 1, 4)
    attended = ((query @ key.transpose(2, 3)) / 4).softmax(-1) @ value
    x = x + w.linear(f"{name}.attn.attn.out_proj", attended.transpose(1, 2).flatten(2)).transpose(0, 1)
    x = x + _convolutions(w, f"{name}.ccm.ccm", x)
    x = x + 0.5 * _feed_forward(w, f"{name}.ffm2.ffm", x)
    return w.layer_norm(f"{name}.post_norm", x)


def _feed_forward(w: PlainWeights, name: str, x: Tensor) -> Tensor:
    norm, expand, project = _layers(w, name)
    return w.linear(project, F.silu(w.linear(expand, w.layer_norm(norm, x))))


def _convolutions(w: PlainWeights, name: str, x: Tensor) -> Tensor:
    norm, expand, depthwise, batch, project = _layers(w, name)
    y = F.glu(w.conv(expand, w.layer_norm(norm, x).transpose(1, 2)), dim=1)
    y = w.conv(depthwise, y, groups=y.shape[1])
    mean, variance = w.tensors[f"{batch}.running_mean"], w.tensors[f"{batch}.running_var"]
    y = F.silu(F.batch_norm(y, mean, variance, w.weight(batch), w.bias(batch)))
    return w.conv(project, y).transpose(1, 2)


def _layers(w: PlainWeights, name: str) -> list[str]:
    """Names of the layers with weights in a sequential module, in order."""
    numbers = {int(key[len(name) + 1 :].split(".")[0]) for key in w.tensors if key.startswith(f"{name}.")}
    return [f"{name}.{number}" for number in sorted(numbers)]


def style_mel(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-mel spectrogram of the style encoders. Shape: [L] -> [80, L // 320]."""
    n_fft, hop = 1280, 320
    padded = np.pad(sound, n_fft // 2, mode="reflect")
    frames = np.stack([padded[hop * i : hop * i + n_fft] for i in range(len(sound) // hop)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    edges = 700 * (10 ** (np.linspace(0, 2595 * math.log10(1 + 8000 / 700), 82) / 2595) - 1)
    hz = np.arange(n_fft // 2 + 1) * 16_000 / n_fft
    up = (hz[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    down = (edges[2:] - hz[:, None]) / np.diff(edges)[1:]
    return np.log(power @ np.maximum(0, np.minimum(up, down)) + 0.001).T


def resampled(sound: NDArray[np.float64], from_hz: int, to_hz: int) -> NDArray[np.float64]:
    """Resample by a Kaiser-windowed sinc with 6 zero crossings and roll-off 0.99. Shape: [N] -> [M]."""
    up, down = to_hz // math.gcd(from_hz, to_hz), from_hz // math.gcd(from_hz, to_hz)
    edge = 0.99 * min(up, down)
    times = np.arange(-(-len(sound) * up // down)) / up
    output = np.zeros(len(times))
    reach = math.ceil(6 * down / edge)
    for offset in range(-reach, reach + down + 1):
        index = np.floor(times * down).astype(int) + offset
        t = np.clip((index / down - times) * edge, -6, 6)
        kernel = np.sinc(t) * np.i0(14.769656459379492 * np.sqrt(1 - (t / 6) ** 2)) / np.i0(14.769656459379492)
        samples = np.where((index >= 0) & (index < len(sound)), sound[np.clip(index, 0, len(sound) - 1)], 0.0)
        output += np.where(np.abs(t) < 6, kernel, 0) * samples * edge / down
    return output


def best_path(value: NDArray[np.float32]) -> NDArray[np.int8]:
    """Monotonic path of the largest sum, with at least one frame per symbol. Shape: [T, N] -> [T, N] of 0 and 1."""
    n_frames, n_symbols = value.shape
    best = np.full((n_frames, n_symbols), -np.inf, np.float32)
    best[0, 0] = value[0, 0]
    for t in range(1, n_frames):
        advanced = np.concatenate([[-np.inf], best[t - 1, :-1]]).astype(np.float32)
        best[t] = value[t] + np.maximum(best[t - 1], advanced)
    path, n = np.zeros((n_frames, n_symbols), np.int8), n_symbols - 1
    for t in range(n_frames - 1, -1, -1):
        path[t, n] = 1
        if n and t and (n == t or best[t - 1, n - 1] > best[t - 1, n]):
            n -= 1
    return path
