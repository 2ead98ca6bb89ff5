from copy import deepcopy

import pytest
import torch
from torch import nn

from hierbatch.models.hierspeechpp.blocks.convolution import WideConvolution


@pytest.mark.parametrize(("kernel", "padding", "bias"), [(5, 2, True), (9, 0, True), (1, 0, False), (4, 1, False)])
@pytest.mark.parametrize("shape", [(1, 6, 17), (3, 6, 40), (2, 6, 2500)])
def test_it_is_the_library_s_convolution(kernel, padding, bias, shape):
    torch.manual_seed(0)
    ours = WideConvolution(6, 8, kernel, padding=padding, bias=bias)
    theirs = nn.Conv1d(6, 8, kernel, padding=padding, bias=bias)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(shape)
    with torch.inference_mode():
        assert torch.allclose(ours(x), theirs(x), atol=1e-5)
    assert torch.allclose(ours(x), theirs(x), atol=1e-5)
    ours(x).sum().backward()
    assert ours.weight.grad is not None


def test_weights_that_are_loaded_copied_and_moved_lie_as_the_product_reads_them():
    ours, whole = WideConvolution(6, 8, 5), nn.Conv1d(6, 8, 5)
    ours.load_state_dict(whole.state_dict())
    for layer in (ours, deepcopy(ours), ours.double()):
        assert torch.equal(layer.weight.float(), whole.weight)
        assert layer.weight.transpose(1, 2).is_contiguous()
