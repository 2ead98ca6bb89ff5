"""Processing of long rows in windows, so that the working set fits the processor's cache.

Legend: B batch, C channels, T samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_MAX_VALUES = 2**19
"""Maximum number of values in a window on a CPU: 2 MB of float32, the private cache of a core on most machines."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Row ends and row starts that lie inside a window. Shape: lengths [B]."""

    lengths: Tensor | None
    """Row lengths within the window; None if all rows continue past the window, whose last samples are then dropped."""
    is_first: bool = True
    """True if the rows start in this window, that is, at its first sample."""


WindowFunction = Callable[[Tensor, Ends], Tensor]
"""Function of the samples of a window, and of the row ends in it. Shape: [B, C, T] -> [B, any, T]."""


def apply_in_windows(function: WindowFunction, x: Tensor, lengths: Tensor, halo: int) -> Tensor:
    """Apply a function in windows; the result equals that of applying it to whole rows.

    On a GPU and during training there is only one window.

    Args:
        function: function to apply.
        x: input.
        lengths: length of each row.
        halo: receptive field of the function to either side, by which windows overlap.

    Shape:
        x        [B, C, T]
        lengths  [B]
        returns  [B, any, T]
    """
    n_rows, n_channels, n_samples = x.shape
    size = max(4 * halo, _MAX_VALUES // (n_rows * n_channels))
    if x.device.type != "cpu" or torch.is_grad_enabled() or torch.compiler.is_compiling() or n_samples <= size + halo:
        return function(x, Ends(lengths))
    shortest, outputs = int(lengths.min()), []
    for start in range(0, n_samples, size):
        end = min(n_samples, start + size)
        first, last = max(0, start - halo), min(n_samples, end + halo)
        continues = last < n_samples and last <= shortest
        ends = Ends(None if continues else (lengths - first).clamp(1, last - first), is_first=first == 0)
        outputs.append(function(x[:, :, first:last], ends)[:, :, start - first : end - first])
    return torch.cat(outputs, dim=-1)
