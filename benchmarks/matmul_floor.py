"""Replay of a network's matrix products and convolutions alone, as a lower bound on its run time.

The calls are recorded in one real run and repeated with the same operators on the same tensors. Optimizing the code
between them cannot make a network faster than this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

_PRODUCTS = (
    "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "convolution", "linear", "matmul", "mm", "addmm", "bmm",
    "baddbmm", "scaled_dot_product_attention",
)  # fmt: skip
"""Operators that multiply matrices or convolve; fused attention counts including its softmax."""


def matmul_replay(work: Callable[[], object]) -> Callable[[], object]:
    """Run work once and record its products; returns a function that repeats only these, on the same tensors."""
    with _Recorder() as recorder:
        work()

    def replay() -> None:
        for operator, arguments, options in recorder.calls:
            operator(*arguments, **options)

    return replay


class _Recorder(TorchDispatchMode):
    """Dispatch mode that records every product executed while it is active."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Callable[..., object], Sequence[Any], Mapping[str, Any]]] = []

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> object:
        options = kwargs or {}
        if func.overloadpacket.__name__ in _PRODUCTS:
            self.calls.append((func, args, options))
        return func(*args, **options)
