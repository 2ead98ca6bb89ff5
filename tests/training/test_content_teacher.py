"""The content teacher's reader and its arithmetic, held to transformers' own Whisper encoder."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder as ReferenceEncoder

from hierbatch.errors import BundleError
from hierbatch.training.content_teacher import WhisperEncoder

# fmt: off
_NAMES = {
    "self_attn_layer_norm.weight": "self_attention/layer_norm/gamma",
    "self_attn_layer_norm.bias": "self_attention/layer_norm/beta",
    "self_attn.out_proj.weight": "self_attention/linear_1/weight",
    "self_attn.out_proj.bias": "self_attention/linear_1/bias",
    "final_layer_norm.weight": "ffn/layer_norm/gamma", "final_layer_norm.bias": "ffn/layer_norm/beta",
    "fc1.weight": "ffn/linear_0/weight", "fc1.bias": "ffn/linear_0/bias",
    "fc2.weight": "ffn/linear_1/weight", "fc2.bias": "ffn/linear_1/bias",
}
# fmt: on


@pytest.fixture(scope="module")
def reference() -> ReferenceEncoder:
    torch.manual_seed(0)
    config = WhisperConfig(d_model=128, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=256)
    return ReferenceEncoder(config).eval()


def as_ctranslate2(reference: ReferenceEncoder) -> dict[str, np.ndarray]:
    state = {name: value.numpy() for name, value in reference.state_dict().items()}
    weights = {
        f"encoder/{conv}/{part}": state[f"{conv}.{part}"] for conv in ("conv1", "conv2") for part in ("weight", "bias")
    }
    weights["encoder/position_encodings/encodings"] = state["embed_positions.weight"]
    weights["encoder/layer_norm/gamma"], weights["encoder/layer_norm/beta"] = (
        state["layer_norm.weight"],
        state["layer_norm.bias"],
    )
    for layer in range(2):
        ours, theirs = f"encoder/layer_{layer}/", f"layers.{layer}."
        for name, wanted in _NAMES.items():
            weights[ours + wanted] = state[theirs + name]
        attention = theirs + "self_attn."
        query = state[attention + "q_proj.weight"], state[attention + "q_proj.bias"]
        key = state[attention + "k_proj.weight"], np.zeros_like(query[1])
        value = state[attention + "v_proj.weight"], state[attention + "v_proj.bias"]
        for index, part in enumerate(("weight", "bias")):
            weights[f"{ours}self_attention/linear_0/{part}"] = np.concatenate([query[index], key[index], value[index]])
    return weights


def write_model(path: Path, weights: dict[str, np.ndarray]) -> None:
    """A CTranslate2 version-6 binary."""
    data = struct.pack("<I", 6) + struct.pack("<H", 8) + b"Whisper\0" + struct.pack("<II", 3, len(weights))
    for name, value in weights.items():
        encoded = name.encode() + b"\0"
        data += struct.pack("<H", len(encoded)) + encoded + struct.pack("<B", value.ndim)
        data += struct.pack(f"<{value.ndim}I", *value.shape) + struct.pack("<BI", 0, value.nbytes) + value.tobytes()
    path.write_bytes(data + struct.pack("<I", 0))


def test_features_equal_the_reference_encoder(reference: ReferenceEncoder, tmp_path: Path) -> None:
    write_model(tmp_path / "model.bin", as_ctranslate2(reference))
    teacher = WhisperEncoder.load(tmp_path)
    samples = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, 480_000).astype(np.float32))
    mel = teacher._log_mel(samples)[None]
    with torch.no_grad():
        wanted = reference(mel).last_hidden_state[0]
    torch.testing.assert_close(teacher(samples), wanted, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("n_samples", [3200, 16001, 40_000])
def test_short_sound_gives_a_frame_every_twenty_milliseconds(
    reference: ReferenceEncoder, tmp_path: Path, n_samples: int
) -> None:
    write_model(tmp_path / "model.bin", as_ctranslate2(reference))
    assert WhisperEncoder.load(tmp_path)(torch.randn(n_samples)).shape == (n_samples // 320, 128)


def test_a_missing_or_torn_model_is_a_bundle_error(reference: ReferenceEncoder, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="missing"):
        WhisperEncoder.load(tmp_path)
    write_model(tmp_path / "model.bin", as_ctranslate2(reference))
    torn = (tmp_path / "model.bin").read_bytes()[:50_000]
    (tmp_path / "model.bin").write_bytes(torn)
    with pytest.raises(BundleError, match="cannot be read"):
        WhisperEncoder.load(tmp_path)
