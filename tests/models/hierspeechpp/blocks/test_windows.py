import pytest
import torch

from hierbatch.models.hierspeechpp.blocks import windows
from hierbatch.models.hierspeechpp.blocks.anti_aliased import AntiAliasedBlocks, max_context
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.blocks.windows import apply_in_windows
from hierbatch.models.hierspeechpp.speechsr.config import SpeechSRConfig
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from tests.models.golden_rule import with_rule_weights

LENGTHS = torch.tensor([1200, 1, 517, 1199])
"""Ends at the last sample, before it, in the middle of a window, and a row of one sample."""


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(windows, "_MAX_VALUES", 1)


def blocks_of(channels):
    """Loud enough, and in a precision fine enough, that a single sample left out is seen."""
    torch.manual_seed(0)
    blocks = AntiAliasedBlocks(channels, (3, 7), (1, 3)).eval()
    for name, value in blocks.named_parameters():
        torch.nn.init.normal_(value, std=0.2 if "snake" in name else 0.5)
    return blocks


@torch.inference_mode()
def test_windows_make_what_the_whole_makes(monkeypatch):
    blocks = blocks_of(4).double()
    x = torch.randn(4, 4, 1200, generator=torch.Generator().manual_seed(1)).double() * frame_mask(LENGTHS, 1200)
    whole = blocks(x, LENGTHS)
    monkeypatch.setattr(windows, "_MAX_VALUES", 1)
    seen = []
    mean = blocks._mean
    blocks._mean = lambda window, ends: seen.append(ends) or mean(window, ends)
    torch.testing.assert_close(blocks(x, LENGTHS), whole, rtol=0, atol=1e-11)
    assert len(seen) > 3
    assert [ends.is_first for ends in seen] == [True] + [False] * (len(seen) - 1)


@torch.inference_mode()
def test_windows_overlap_by_just_what_a_sample_depends_on():
    """What is not a number shows in all that hears it, and nowhere else."""
    blocks = blocks_of(4).double()
    x, lengths = torch.zeros(1, 4, 400, dtype=torch.float64), torch.tensor([400])
    x[:, :, 200] = torch.nan
    (heard,) = blocks(x, lengths).isnan().any(1).any(0).nonzero(as_tuple=True)
    halo = max_context(tuple(blocks.blocks))
    assert heard.tolist() == list(range(200 - halo, 200 + halo + 1))


@torch.inference_mode()
def test_a_window_whose_rows_continue_need_not_know_where_they_end(narrow):
    seen = []
    apply_in_windows(
        lambda x, ends: seen.append(ends.lengths) or x, torch.zeros(1, 1, 100), torch.tensor([100]), halo=3
    )
    assert all(lengths is None for lengths in seen[:-1])
    assert int(seen[-1]) == 100 - (len(seen) - 1) * 12 + 3


@torch.inference_mode()
def test_windows_change_nothing_in_super_resolution(monkeypatch):
    network = with_rule_weights(
        SpeechSR(SpeechSRConfig(rate_hz=48_000, channels=4, block_kernels=(3, 7), dilations=(1, 3)))
    ).eval()
    sound = 0.1 * torch.randn(2, 1, 900, generator=torch.Generator().manual_seed(2))
    lengths = torch.tensor([900, 431])
    whole = network(sound, lengths)
    monkeypatch.setattr(windows, "_MAX_VALUES", 1)
    torch.testing.assert_close(network(sound, lengths), whole, rtol=0, atol=1e-5)


def test_training_has_one_window(narrow):
    blocks, x = blocks_of(4), torch.randn(1, 4, 1200, requires_grad=True)
    seen = []
    mean = blocks._mean
    blocks._mean = lambda window, ends: seen.append(window.shape[-1]) or mean(window, ends)
    blocks(x, torch.tensor([1200])).square().sum().backward()
    assert seen == [1200]
    assert x.grad.abs().min() > 0
