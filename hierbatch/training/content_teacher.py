"""Content teacher of the semantic vectors: the encoder of Whisper base (Radford et al. 2022) in CTranslate2 format.

Its features are used to prepare data and for nothing else; none of its weights ship with hierbatch.
Legend: T frames (50/s), D = 512 channels, L samples at 16 kHz.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchaudio.functional
from torch import Tensor, nn

from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError

_N_MELS, _N_FFT, _HOP = 80, 400, 160
_DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


class WhisperEncoder(nn.Module):
    """Encoder of audio of any length to content features, without Whisper's padding to 30 s.

    Shape:
        samples  [L]  16 kHz, L at least 400
        returns  [L // 320, D]
    """

    filters: Tensor

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.names = sorted(weights)
        for name, value in weights.items():
            self.register_buffer(name.replace("/", "__"), value, persistent=False)
        self.n_layers = len(
            {
                name.split("/")[1]
                for name in weights
                if name.startswith("encoder/layer_") and "norm" not in name.split("/")[1]
            }
        )
        filters = torchaudio.functional.melscale_fbanks(
            _N_FFT // 2 + 1, 0.0, RATE_HZ / 2, _N_MELS, RATE_HZ, norm="slaney", mel_scale="slaney"
        )
        self.register_buffer("filters", filters.T.contiguous(), persistent=False)

    @staticmethod
    def load(folder: Path) -> WhisperEncoder:
        """Read `model.bin` of a CTranslate2 Whisper model.

        Raises:
            BundleError: the file is missing or cannot be parsed.
        """
        path = folder / "model.bin"
        if not path.is_file():
            raise BundleError(
                "The content teacher is missing",
                expected="a CTranslate2 Whisper folder with model.bin",
                got=str(folder),
                fix="pass the folder with --teacher",
            )
        variables = _read_ctranslate2(path)
        encoder = {name: value.float() for name, value in variables.items() if name.startswith("encoder/")}
        return WhisperEncoder(encoder).eval()

    def _weight(self, name: str) -> Tensor:
        value: Tensor = getattr(self, ("encoder/" + name).replace("/", "__"))
        return value

    @torch.inference_mode()
    def forward(self, samples: Tensor) -> Tensor:
        x = self._log_mel(samples)[None]
        x = F.gelu(F.conv1d(x, self._weight("conv1/weight"), self._weight("conv1/bias"), padding=1))
        x = F.gelu(F.conv1d(x, self._weight("conv2/weight"), self._weight("conv2/bias"), stride=2, padding=1))
        x = x.transpose(1, 2)  # [1, D, T] -> [1, T, D]
        x = x + self._weight("position_encodings/encodings")[: x.shape[1]]
        for layer in range(self.n_layers):
            x = self._layer(x, f"layer_{layer}/")
        return self._norm(x, "layer_norm/")[0]

    def _layer(self, x: Tensor, prefix: str) -> Tensor:
        attention = prefix + "self_attention/"
        heads = x.shape[-1] // 64
        qkv = self._linear(self._norm(x, attention + "layer_norm/"), attention + "linear_0/")
        query, key, value = (projected.unflatten(-1, (heads, 64)).transpose(1, 2) for projected in qkv.chunk(3, dim=-1))
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        x = x + self._linear(mixed, attention + "linear_1/")
        hidden = self._linear(self._norm(x, prefix + "ffn/layer_norm/"), prefix + "ffn/linear_0/")
        return x + self._linear(F.gelu(hidden), prefix + "ffn/linear_1/")

    def _linear(self, x: Tensor, prefix: str) -> Tensor:
        return F.linear(x, self._weight(prefix + "weight"), self._weight(prefix + "bias"))

    def _norm(self, x: Tensor, prefix: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self._weight(prefix + "gamma"), self._weight(prefix + "beta"))

    def _log_mel(self, samples: Tensor) -> Tensor:
        """Log-mel spectrogram as Whisper computes it (Radford et al. 2022, section 2.2). Shape: [L] -> [80, 2T]."""
        window = torch.hann_window(_N_FFT, device=samples.device)
        padded = F.pad(samples[None], (_N_FFT // 2, _N_FFT // 2), mode="reflect")[0]
        spectrum = torch.stft(padded, _N_FFT, _HOP, window=window, center=False, return_complex=True)
        power = spectrum[:, : len(samples) // (2 * _HOP) * 2].abs() ** 2
        mel = torch.log10((self.filters @ power).clamp_min(1e-10))
        return (torch.maximum(mel, mel.max() - 8.0) + 4.0) / 4.0


def _read_ctranslate2(path: Path) -> dict[str, Tensor]:
    data = path.read_bytes()
    try:
        return _parse_ctranslate2(data)
    except (struct.error, KeyError, ValueError) as error:
        raise BundleError(
            "The content teacher cannot be read", expected="a CTranslate2 model.bin", got=f"{path}: {error}"
        ) from error


def _parse_ctranslate2(data: bytes) -> dict[str, Tensor]:
    """Parse a CTranslate2 binary; return its variables by name, each stored with shape, type id and raw values."""
    (version,) = struct.unpack_from("<I", data, 0)
    offset = 4
    if version >= 2:
        (size,) = struct.unpack_from("<H", data, offset)
        offset += 2 + size + 4  # the specification's name and revision
    (n_variables,) = struct.unpack_from("<I", data, offset)
    offset += 4
    variables: dict[str, Tensor] = {}
    for _ in range(n_variables):
        (size,) = struct.unpack_from("<H", data, offset)
        name = data[offset + 2 : offset + 2 + size].rstrip(b"\0").decode()
        offset += 2 + size
        rank = data[offset]
        shape = struct.unpack_from(f"<{rank}I", data, offset + 1)
        offset += 1 + 4 * rank
        dtype = _DTYPES[data[offset]]
        (n_bytes,) = struct.unpack_from("<I", data, offset + 1)
        offset += 5
        values = np.frombuffer(data, dtype, n_bytes // np.dtype(dtype).itemsize, offset).reshape(shape)
        variables[name] = torch.from_numpy(values.copy())
        offset += n_bytes
    return variables
