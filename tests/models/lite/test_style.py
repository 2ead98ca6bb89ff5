import torch

from hierbatch.models.lite.style import LiteStyleEncoder
from tests.tiny_lite import tiny_config


def test_padding_never_changes_a_voice() -> None:
    torch.manual_seed(0)
    encoder = LiteStyleEncoder(tiny_config()).eval()
    mel = torch.randn(1, 61, 80)
    alone = encoder(mel, torch.tensor([61]))
    for extra in (1, 10, 120):
        padded = torch.cat([mel, 7 * torch.randn(1, extra, 80)], dim=1)
        torch.testing.assert_close(encoder(padded, torch.tensor([61])), alone, atol=1e-5, rtol=1e-4)


def test_two_voices_get_two_styles() -> None:
    torch.manual_seed(0)
    encoder = LiteStyleEncoder(tiny_config()).eval()
    styles = encoder(torch.randn(2, 50, 80), torch.tensor([50, 50]))
    assert (styles[0] - styles[1]).abs().max() > 1e-3
