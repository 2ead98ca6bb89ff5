"""Straightforward implementation of the published TTV in torch operators, without optimizations, as a baseline.

Weight norm is folded; rows are processed one at a time, and the prompt is encoded with every sentence, as the published
command does. It runs on the weights of `TextToVector` and must give the same result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.models.hierspeechpp.text_to_vector.spline import Spline

_MAX_DISTANCE = 4


class PlainTextToVector:
    """TTV for one row: tokens, prompt mel and noise to semantic vectors and log-F0."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self.w = weights
        self.scale = math.sqrt(weights["text_encoder.embedding.weight"].shape[1])
        self.n_decoder_layers = sum(
            ".decoder.wavenet.gates." in f".{name}" and name.endswith("weight") for name in weights
        )

    def style(self, mel: Tensor) -> Tensor:
        """Style vector of a prompt. Shape: [1, 80, T] -> [1, S]."""
        p = "style_encoder"
        x = F.mish(self._conv(f"{p}.spectral.2", F.mish(self._conv(f"{p}.spectral.0", mel))))
        for i in range(2):
            x = x + F.glu(self._conv(f"{p}.temporal.{i}", x), dim=1)
        x = x + self._attention(f"{p}.attention", x, n_heads=2)
        return self._conv(f"{p}.output_projection", x).mean(2)

    def read(self, tokens: Tensor, style: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode text.

        Args:
            tokens: symbol ids. Shape: [1, N].
            style: style vector. Shape: [1, S].
            noise: scaled noise of the duration predictor. Shape: [1, 2, N].

        Returns:
            Prior mean and log scale, shape [1, C, N], and log durations, shape [1, 1, N].
        """
        p = "text_encoder"
        x = (self.w[f"{p}.embedding.weight"][tokens] * self.scale).transpose(1, 2)
        x = self._encoder(f"{p}.first", x) + self._conv(f"{p}.conditioning", style[:, :, None])
        x = self._encoder(f"{p}.second", x)
        mean, log_scale = self._conv(f"{p}.output_projection", x).chunk(2, 1)
        return mean, log_scale, self._durations(x, style, noise)

    def speak(
        self, mean: Tensor, log_scale: Tensor, frames: Tensor, style: Tensor, noise: Tensor
    ) -> tuple[Tensor, ...]:
        """Decode the text prior to semantic vectors and log-F0.

        Args:
            mean: prior mean per symbol. Shape: [1, C, N].
            log_scale: prior log scale per symbol. Shape: [1, C, N].
            frames: frames per symbol. Shape: [1, 1, N].
            style: style vector. Shape: [1, S].
            noise: scaled latent noise. Shape: [1, C, T].
        """
        path = torch.repeat_interleave(torch.arange(mean.shape[2]), frames[0, 0].long())
        mean, log_scale = mean[:, :, path], log_scale[:, :, path]
        z = self._flow_back(mean + noise * log_scale.exp(), style)
        x = self._wavenet("decoder.wavenet", self._conv("decoder.input_projection", z), style, self.n_decoder_layers)
        semantic = self._conv("decoder.output_projection", x)
        return semantic, self._pitch(semantic, style)

    def _conv(self, name: str, x: Tensor, dilation: int = 1, groups: int = 1) -> Tensor:
        weight = self.w[f"{name}.weight"]
        padding = (weight.shape[2] - 1) // 2 * dilation
        return F.conv1d(x, weight, self.w.get(f"{name}.bias"), padding=padding, dilation=dilation, groups=groups)

    def _norm(self, name: str, x: Tensor) -> Tensor:
        y = F.layer_norm(x.transpose(1, 2), x.shape[1:2], self.w[f"{name}.weight"], self.w[f"{name}.bias"])
        return y.transpose(1, 2)

    def _attention(self, name: str, x: Tensor, n_heads: int) -> Tensor:
        query, key, value = (
            self._conv(f"{name}.{part}", x).view(1, n_heads, -1, x.shape[2]).transpose(2, 3)
            for part in ("query", "key", "value")
        )
        query, n = query / math.sqrt(query.shape[-1]), x.shape[2]
        scores = query @ key.transpose(2, 3)
        is_relative = f"{name}.relative_keys" in self.w
        if is_relative:
            scores = scores + _to_square(query @ _pad_positions(self.w[f"{name}.relative_keys"], n).transpose(1, 2))
        weights = scores.softmax(-1)
        y = weights @ value
        if is_relative:
            y = y + _from_square(weights) @ _pad_positions(self.w[f"{name}.relative_values"], n)
        return self._conv(f"{name}.output_projection", y.transpose(2, 3).reshape(1, -1, n))

    def _encoder(self, name: str, x: Tensor) -> Tensor:
        for i in range(sum(f"{name}.attention_norms.{n}.weight" in self.w for n in range(12))):
            x = self._norm(f"{name}.attention_norms.{i}", x + self._attention(f"{name}.attentions.{i}", x, 4))
            y = self._conv(f"{name}.feed_forwards.{i}.widen", x).relu()
            x = self._norm(f"{name}.feed_forward_norms.{i}", x + self._conv(f"{name}.feed_forwards.{i}.narrow", y))
        return x

    def _dilated(self, name: str, x: Tensor) -> Tensor:
        for i in range(3):
            y = self._conv(f"{name}.depthwise.{i}", x, dilation=3**i, groups=x.shape[1])
            y = F.gelu(self._norm(f"{name}.depthwise_norms.{i}", y))
            x = x + F.gelu(self._norm(f"{name}.pointwise_norms.{i}", self._conv(f"{name}.pointwise.{i}", y)))
        return x

    def _durations(self, hidden: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        p = "durations"
        x = self._conv(f"{p}.input_projection", hidden) + self._conv(f"{p}.conditioning", style[:, :, None])
        x = self._conv(f"{p}.output_projection", self._dilated(f"{p}.convolutions", x))
        z = noise
        for i in (3, 2, 1):
            unchanged, transformed = z.flip(1).chunk(2, 1)
            name = f"{p}.flows.splines.{i}"
            y = self._conv(
                f"{name}.output_projection",
                self._dilated(f"{name}.convolutions", self._conv(f"{name}.input_projection", unchanged) + x),
            )
            widths, heights, slopes = y[:, None].transpose(2, 3).split([10, 10, 9], -1)
            z = torch.cat(
                [unchanged, Spline(widths / self.scale, heights / self.scale, slopes).inverse(transformed)], 1
            )
        z = (z.flip(1) - self.w[f"{p}.flows.scale.shift"]) * torch.exp(-self.w[f"{p}.flows.scale.log_scale"])
        return z[:, :1]

    def _flow_back(self, z: Tensor, style: Tensor) -> Tensor:
        p, w = "flow", self.w
        condition = F.silu(F.linear(style, w[f"{p}.conditioning.0.weight"], w[f"{p}.conditioning.0.bias"]))
        condition = F.linear(condition, w[f"{p}.conditioning.2.weight"], w[f"{p}.conditioning.2.bias"])
        for i in (3, 2, 1, 0):
            unchanged, shifted = z.flip(1).chunk(2, 1)
            hidden = self._conv(f"{p}.couplings.{i}.input_projection", unchanged)
            for j in range(3):
                hidden = self._styled_block(f"{p}.couplings.{i}.blocks.{j}", hidden, condition)
            z = torch.cat([unchanged, shifted - self._conv(f"{p}.couplings.{i}.output_projection", hidden)], 1)
        return z

    def _styled_block(self, name: str, x: Tensor, condition: Tensor) -> Tensor:
        w, (channels, n) = self.w, x.shape[1:]
        modulation = F.linear(F.silu(condition), w[f"{name}.modulation.weight"], w[f"{name}.modulation.bias"])
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = modulation[:, :, None].chunk(6, 1)
        y = (_plain_norm(x) * (1 + scale) + shift).transpose(1, 2)
        heads = F.linear(y, w[f"{name}.qkv.weight"], w[f"{name}.qkv.bias"])
        query, key, value = heads.view(1, n, 3, 4, channels // 4).permute(2, 0, 3, 1, 4)
        y = ((query @ key.transpose(2, 3)) * (channels // 4) ** -0.5).softmax(-1) @ value
        y = F.linear(
            y.transpose(1, 2).reshape(1, n, channels), w[f"{name}.projection.weight"], w[f"{name}.projection.bias"]
        )
        x = x + gate * y.transpose(1, 2)
        y = F.gelu(self._conv(f"{name}.widen", _plain_norm(x) * (1 + mlp_scale) + mlp_shift), approximate="tanh")
        return x + mlp_gate * self._conv(f"{name}.narrow", y)

    def _wavenet(self, name: str, x: Tensor, style: Tensor, n_layers: int) -> Tensor:
        channels, total = x.shape[1], torch.zeros_like(x)
        shifts = self._conv(f"{name}.conditioning", style[:, :, None]).chunk(n_layers, 1)
        for i in range(n_layers):
            wave, gate = (self._conv(f"{name}.gates.{i}", x) + shifts[i]).chunk(2, 1)
            y = self._conv(f"{name}.residual_skip.{i}", wave.tanh() * gate.sigmoid())
            if i < n_layers - 1:
                x = x + y[:, :channels]
            total = total + y[:, -channels:]
        return total

    def _pitch(self, semantic: Tensor, style: Tensor) -> Tensor:
        x = self._conv("pitch.input_projection", semantic) + self._conv("pitch.conditioning", style[:, :, None])
        for i in range(2):
            name = f"pitch.upsamples.{i}"
            x = F.conv_transpose1d(
                F.leaky_relu(x, 0.1), self.w[f"{name}.weight"], self.w[f"{name}.bias"], stride=2, padding=1
            )
            x = sum(self._residual(f"pitch.blocks.{i}.{j}", x) for j in range(3)) / 3
        return self._conv("pitch.output_projection", F.leaky_relu(x, 0.01))

    def _residual(self, name: str, x: Tensor) -> Tensor:
        for i, dilation in enumerate((1, 3, 5)):
            y = self._conv(f"{name}.dilated.{i}", F.leaky_relu(x, 0.1), dilation=dilation)
            x = x + self._conv(f"{name}.plain.{i}", F.leaky_relu(y, 0.1))
        return x


def _plain_norm(x: Tensor) -> Tensor:
    return F.layer_norm(x.transpose(1, 2), x.shape[1:2], eps=1e-6).transpose(1, 2)


def _pad_positions(near: Tensor, n: int) -> Tensor:
    """Zero-pad or crop relative-position vectors to all distances. Shape: [1, 9, D] -> [1, 2n - 1, D]."""
    padding = max(0, n - 1 - _MAX_DISTANCE)
    near = F.pad(near, (0, 0, padding, padding))
    start = max(0, _MAX_DISTANCE - (n - 1))
    return near[:, start : start + 2 * n - 1]


def _to_square(relative: Tensor) -> Tensor:
    """Reindex scores from relative distance to absolute position. Shape: [1, H, n, 2n - 1] -> [1, H, n, n]."""
    n = relative.shape[2]
    flat = F.pad(F.pad(relative, (0, 1)).flatten(2), (0, n - 1))
    return flat.view(1, -1, n + 1, 2 * n - 1)[:, :, :n, n - 1 :]


def _from_square(weights: Tensor) -> Tensor:
    """Reindex weights from absolute position to relative distance. Shape: [1, H, n, n] -> [1, H, n, 2n - 1]."""
    n = weights.shape[2]
    flat = F.pad(F.pad(weights, (0, n - 1)).flatten(2), (n, 0))
    return flat.view(1, -1, n, 2 * n)[:, :, :, 1:]
