"""Long rows a window at a time, so that what is worked on stays in the processor's cache.

Legend: B batch, C channels, T samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_MOST_VALUES = 2**19
"""Values of a window on a CPU, 2 MB: what a core has to itself on most machines, and memory that is had once."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Where rows begin and end within a window. Shape: lengths [B]."""

    lengths: Tensor | None
    """None where every row goes on past the window: what lies at its end is left away in any case."""
    is_first: bool = True
    """Whether the rows begin where the window does."""


Work = Callable[[Tensor, Ends], Tensor]
"""Shape: [B, C, T] -> [B, any, T], a sample by what lies about it."""


def in_windows(work: Work, x: Tensor, lengths: Tensor, halo: int) -> Tensor:
    """What `work` makes of all, made of windows that overlap by what a sample depends on, `halo` to either side.

    On a GPU, and while training, there is one window.

    Shape:
        x        [B, C, T]
        lengths  [B]
        returns  [B, any, T]
    """
    n_rows, n_channels, n_samples = x.shape
    size = max(4 * halo, _MOST_VALUES // (n_rows * n_channels))
    if x.device.type != "cpu" or torch.is_grad_enabled() or torch.compiler.is_compiling() or n_samples <= size + halo:
        return work(x, Ends(lengths))
    shortest, pieces = int(lengths.min()), []
    for start in range(0, n_samples, size):
        end = min(n_samples, start + size)
        first, last = max(0, start - halo), min(n_samples, end + halo)
        goes_on = last < n_samples and last <= shortest
        ends = Ends(None if goes_on else (lengths - first).clamp(1, last - first), is_first=first == 0)
        pieces.append(work(x[:, :, first:last], ends)[:, :, start - first : end - first])
    return torch.cat(pieces, dim=-1)
