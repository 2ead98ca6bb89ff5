"""Every block gives a row the same among others as alone, whatever lies past its end."""

import pytest
import torch

from hierbatch.models.hierspeechpp.blocks.attention import Attention
from hierbatch.models.hierspeechpp.blocks.flow import CouplingFlow
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.blocks.style import StyleEncoder
from hierbatch.models.hierspeechpp.blocks.transformer import StyledTransformerBlock, TransformerEncoder
from hierbatch.models.hierspeechpp.blocks.wavenet import WaveNet
from tests.models.golden_rule import with_rule_weights
from tests.models.hierspeechpp.blocks.padding import LENGTHS, padded_batch

CHANNELS, STYLE = 8, 6


def wavenet(x, mask, style):
    return with_rule_weights(WaveNet(CHANNELS, 5, 3, STYLE))(x * mask, mask, style)


def attention(x, mask, style):
    return with_rule_weights(Attention(CHANNELS, 2, reach=4))(x, mask)


def encoder(x, mask, style):
    return with_rule_weights(TransformerEncoder(CHANNELS, 12, n_heads=2, n_layers=2, kernel=5).eval())(x, mask)


def styled_block(x, mask, style):
    return with_rule_weights(StyledTransformerBlock(CHANNELS, 2).eval())(x, mask, style.repeat(1, 2)[:, :CHANNELS])


def flow(x, mask, style):
    return with_rule_weights(CouplingFlow(CHANNELS, 12, 2, STYLE).eval())(x * mask, mask, style)


def flow_reversed(x, mask, style):
    return with_rule_weights(CouplingFlow(CHANNELS, 12, 2, STYLE).eval()).reverse(x * mask, mask, style)


def style_encoder(x, mask, style):
    return with_rule_weights(StyleEncoder(CHANNELS, 12).eval())(x, mask)[:, :, None].expand(-1, -1, x.shape[2])


@pytest.mark.parametrize(
    "give", [wavenet, attention, encoder, styled_block, flow, flow_reversed, style_encoder], ids=lambda f: f.__name__
)
def test_a_row_in_a_padded_batch_is_the_row_alone(give):
    x, lengths = padded_batch(CHANNELS)
    style = torch.randn(len(LENGTHS), STYLE, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        together = give(x, frame_mask(lengths, max(LENGTHS)), style)
        for row, length in enumerate(LENGTHS):
            alone = give(x[row : row + 1, :, :length], torch.ones(1, 1, length), style[row : row + 1])
            assert torch.allclose(together[row, :, :length], alone[0], rtol=0, atol=2e-5)
            assert alone.abs().max() > 0.05


def test_a_flow_reversed_is_undone():
    x, lengths = padded_batch(CHANNELS)
    mask = frame_mask(lengths, max(LENGTHS))
    model = with_rule_weights(CouplingFlow(CHANNELS, 12, 2, STYLE).eval())
    style = torch.randn(len(LENGTHS), STYLE)
    with torch.inference_mode():
        moved = model(x * mask, mask, style)
        assert not torch.allclose(moved, x * mask, atol=0.1)
        assert torch.allclose(model.reverse(moved, mask, style), x * mask, rtol=0, atol=1e-4)
