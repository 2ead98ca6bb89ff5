"""A TTV small enough for tests."""

import torch

from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from tests.models.golden_rule import with_rule_weights

SMALL = TextToVectorConfig(
    n_symbols=20, n_mels=12, style_channels=16, channels=16, wide_channels=32, text_layers=1, semantic_channels=24,
    posterior_layers=2, decoder_channels=16, decoder_layers=2, pitch_channels=16,
)  # fmt: skip


def small_network():
    return with_rule_weights(TextToVector(SMALL).eval())


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
