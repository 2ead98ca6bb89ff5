"""Initial values and dropout of the published-size modules in training."""

import math

import pytest
import torch
import torch.nn.functional as F

from hierbatch.models.hierspeechpp.blocks.flow import CouplingFlow
from hierbatch.models.hierspeechpp.blocks.style import StyleEncoder
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.generators import SourceGenerator, WaveformGenerator
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextEncoder
from hierbatch.models.hierspeechpp.text_to_vector.training import _slices
from tests.models.hierspeechpp.synthesizer.small import SMALL


def test_a_scaled_embedding_starts_at_unit_variance():
    torch.manual_seed(0)
    embedding = TextEncoder(TextToVectorConfig(text_layers=1, wide_channels=8)).embedding
    assert float(embedding.weight.detach().std()) == pytest.approx(256**-0.5, rel=0.05)
    nobody = torch.cat([Synthesizer(SMALL, is_for_training=False).unconditional_style(1).detach() for _ in range(9)])
    assert float(nobody.std()) == pytest.approx(1, rel=0.25)


def test_the_style_encoder_has_the_six_published_dropouts(monkeypatch):
    rates = []
    dropout = F.dropout

    def counted(x, p=0.5, training=True, inplace=False):
        if training and p > 0:
            rates.append(p)
        return dropout(x, p, training, inplace)

    monkeypatch.setattr(F, "dropout", counted)
    encoder, mel, mask = StyleEncoder(8, 8), torch.randn(2, 8, 9), torch.ones(2, 1, 9)
    trained = encoder.train()(mel, mask)
    assert rates == [0.1] * 6
    rates.clear()
    evaluated = encoder.eval()(mel, mask)
    assert rates == []
    assert not torch.equal(trained, evaluated)
    assert torch.equal(evaluated, encoder(mel, mask))


def test_a_new_flow_is_the_identity_with_xavier_linears():
    torch.manual_seed(1)
    flow = CouplingFlow(8, 16, 2, 12).eval()
    x, mask, style = torch.randn(2, 8, 7), torch.ones(2, 1, 7), torch.randn(2, 12)
    torch.testing.assert_close(flow(x, mask, style), x)
    for layer in (flow.conditioning[0], flow.couplings[1].blocks[2].qkv):
        limit = math.sqrt(6 / sum(layer.weight.shape))
        assert float(layer.weight.detach().abs().max()) <= limit
        assert float(layer.weight.detach().std()) == pytest.approx(limit / math.sqrt(3), rel=0.1)
        assert not layer.bias.any()
    assert not flow.couplings[0].blocks[0].modulation.weight.any()


def test_upsampling_convolutions_start_small():
    torch.manual_seed(2)
    config = SynthesizerConfig(waveform_channels=64, source_channels=64, channels=8, style_channels=8)
    for generator in (SourceGenerator(config), WaveformGenerator(config)):
        assert float(generator.stages[0].upsample.weight.detach().std()) == pytest.approx(0.01, rel=0.1)


def test_a_slice_of_a_short_row_is_padded():
    x = torch.arange(6.0).reshape(1, 1, 6)
    assert _slices(x, torch.tensor([0]), 8).tolist() == [[[0, 1, 2, 3, 4, 5, 0, 0]]]
    assert _slices(x, torch.tensor([2]), 3).tolist() == [[[2, 3, 4]]]
