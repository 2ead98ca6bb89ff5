"""Encoders of transformers as content features: frames, layers and licenses."""

import numpy as np
import pytest
import torch
from transformers import HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2Model

from hierbatch.errors import InputError
from hierbatch.training.speech_features import load_features

_SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}


@pytest.fixture
def encoder(tmp_path):
    torch.manual_seed(0)
    network = HubertModel(HubertConfig(**_SMALL)).eval()
    network.save_pretrained(tmp_path / "hubert")
    (tmp_path / "hubert" / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    return tmp_path / "hubert", network


@pytest.mark.parametrize("layer", [1, 2])
def test_features_are_the_hidden_states_of_the_layer(encoder, layer):
    folder, network = encoder
    features = load_features(f"encoder={folder}", layer)
    assert (features.info.channels, features.info.license, features.info.layer) == (16, "apache-2.0", layer)
    samples = np.random.default_rng(0).normal(0, 0.1, 320 * 25).astype(np.float32)
    vectors = features(samples)
    assert vectors.shape == (25, 16)
    padded = torch.nn.functional.pad(torch.from_numpy(samples)[None], (40, 40), mode="reflect")
    with torch.inference_mode():
        expected = network(padded, output_hidden_states=True).hidden_states[layer][0].numpy()
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_a_missing_layer_is_a_sentence(encoder):
    with pytest.raises(InputError, match=r"no such layer\. Expected: 1 to 3\. Got: 7"):
        load_features(f"encoder={encoder[0]}", 7)


def test_an_encoder_of_another_frame_rate_is_refused(tmp_path):
    config = Wav2Vec2Config(**_SMALL, conv_stride=(5, 2, 2, 2, 2, 2, 1))
    Wav2Vec2Model(config).save_pretrained(tmp_path / "fast")
    with pytest.raises(InputError, match="hop of 160 samples"):
        load_features(f"encoder={tmp_path / 'fast'}", 2)
