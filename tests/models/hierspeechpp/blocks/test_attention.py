import math

import pytest
import torch

from hierbatch.models.hierspeechpp.blocks.attention import Attention
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask


def by_loops(attention, x):
    """One row without padding, element by element (Shaw et al. 2018, equations 3 and 4)."""
    n_frames, width = x.shape[1], x.shape[0] // attention.n_heads
    query, key, value = (
        layer(x[None])[0].reshape(attention.n_heads, width, n_frames)
        for layer in (attention.query, attention.key, attention.value)
    )
    heard = torch.zeros(attention.n_heads, width, n_frames, dtype=x.dtype)
    for head in range(attention.n_heads):
        for i in range(n_frames):
            near = {
                j: j - i + attention.reach for j in range(n_frames) if attention.reach and abs(j - i) <= attention.reach
            }
            scores = torch.stack(
                [
                    query[head, :, i] @ (key[head, :, j] + (attention.relative_keys[0, near[j]] if j in near else 0))
                    for j in range(n_frames)
                ]
            ) / math.sqrt(width)
            for j, weight in enumerate(scores.softmax(0)):
                beside = attention.relative_values[0, near[j]] if j in near else 0
                heard[head, :, i] += weight * (value[head, :, j] + beside)
    return attention.output_projection(heard.reshape(1, -1, n_frames))[0]


@pytest.mark.parametrize("reach", [0, 1, 4])
@pytest.mark.parametrize("n_frames", [1, 3, 5, 12])
def test_it_is_attention_with_relative_positions(reach, n_frames):
    torch.manual_seed(n_frames)
    attention = Attention(8, n_heads=2, reach=reach).double()
    x = torch.randn(1, 8, n_frames, dtype=torch.float64)
    found = attention(x, frame_mask(torch.tensor([n_frames]), n_frames))[0]
    assert torch.allclose(found, by_loops(attention, x[0]), rtol=0, atol=1e-12)
