"""What of a network's work is products: its matrix products and convolutions done again, and nothing else.

They are what is written down of one real run: the same operators on the same numbers in the same places of memory. No
thought on what lies between them makes a network faster than that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

_PRODUCTS = (
    "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "convolution", "linear", "matmul", "mm", "addmm", "bmm",
    "baddbmm", "scaled_dot_product_attention",
)  # fmt: skip
"""Names of the operators that multiply matrices or convolve; attention counts with its softmax, which is inside it."""


def products_of(work: Callable[[], object]) -> Callable[[], object]:
    """Do some work once; what comes back does its products alone, and holds the numbers they need."""
    with _Watching() as watching:
        work()

    def do_again() -> None:
        for operator, words, options in watching.products:
            operator(*words, **options)

    return do_again


class _Watching(TorchDispatchMode):
    """Writes down every product that is done while it is on."""

    def __init__(self) -> None:
        super().__init__()
        self.products: list[tuple[Callable[..., object], Sequence[Any], Mapping[str, Any]]] = []

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> object:
        options = kwargs or {}
        if func.overloadpacket.__name__ in _PRODUCTS:
            self.products.append((func, args, options))
        return func(*args, **options)
