"""Processes that train together, each on its rows of every batch; a single process needs no setup.

Gradients are summed over the processes after the backward pass, in one buffer per data type. Losses are shares of the
whole batch (see `Recipe`), so the sum is the gradient of the whole batch, up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as distributed
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class World:
    """Number of processes that train together (`size`), and the index of this process (`rank`)."""

    rank: int = 0
    size: int = 1

    @staticmethod
    def current() -> World:
        """Return the world of the initialized process group, or that of a single process if there is none."""
        if distributed.is_available() and distributed.is_initialized():
            return World(distributed.get_rank(), distributed.get_world_size())
        return World()

    @property
    def is_main(self) -> bool:
        """True for the process that writes checkpoints and curves."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Sum values over all processes, in place. Shape: unchanged."""
        if self.size > 1:
            distributed.all_reduce(values)
        return values

    def any(self, flag: bool, device: torch.device) -> bool:
        """Return True in all processes if the flag is True in at least one."""
        return flag if self.size == 1 else bool(self.sum(torch.tensor(float(flag), device=device)) > 0)

    def sum_gradients(self, weights: Sequence[nn.Parameter]) -> None:
        """Sum the gradients over all processes; a weight without a gradient counts as zero."""
        if self.size == 1:
            return
        for weight in weights:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        for same_type in _by_type([weight.grad for weight in weights if weight.grad is not None]):
            flat = torch.cat([gradient.reshape(-1) for gradient in same_type])
            distributed.all_reduce(flat)
            for gradient, summed in zip(same_type, flat.split([g.numel() for g in same_type]), strict=True):
                gradient.copy_(summed.view(gradient.shape))

    def copy_from_main(self, networks: Iterable[nn.Module]) -> None:
        """Copy the weights of the main process to all processes."""
        if self.size > 1:
            for network in networks:
                for value in network.state_dict().values():
                    distributed.broadcast(value, 0)

    def wait(self) -> None:
        """Wait until every process has called this method."""
        if self.size > 1:
            distributed.barrier()


def _by_type(tensors: Sequence[Tensor]) -> list[list[Tensor]]:
    groups: dict[torch.dtype, list[Tensor]] = {}
    for tensor in tensors:
        groups.setdefault(tensor.dtype, []).append(tensor)
    return list(groups.values())
