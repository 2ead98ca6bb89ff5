"""Rows through a model, some at a time: one that fails costs only itself, and a lack of memory costs only time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hierbatch.errors import OutOfMemoryError, SetupError
from hierbatch.models.placement import Placement

Row = TypeVar("Row")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """How much is worked together at most, in rows and in seconds of sound once all rows are as long as the longest."""

    n_rows: int = 16
    sound_s: float = 60.0

    def allow(self, n_rows: int, longest_s: float) -> bool:
        return n_rows <= self.n_rows and n_rows * longest_s <= self.sound_s


def recording_limits(device: str) -> BatchLimits:
    """How much of recordings is worked together on a device, a `Placement` in one word."""
    placement = Placement.parse(device)
    if placement.is_compiled:  # and would be compiled anew for every number of rows
        return BatchLimits(n_rows=1)
    # On a CPU no more than a piece of a long recording: more together no longer stays in the cache, and takes longer.
    return BatchLimits(n_rows=4, sound_s=21.0) if placement.device == "cpu" else BatchLimits(n_rows=64)


class Batches:
    """Cuts rows into batches of neighbours in length, and works them.

    A batch that does not fit into memory is halved, and from then on no batch is larger than what had room. A batch in
    which anything else goes wrong is worked again row by row, so that only the rows at fault fail.
    """

    def __init__(self, limits: BatchLimits) -> None:
        self.limits = limits
        """What is worked together now; smaller than asked for where memory was short."""

    def work(
        self,
        rows: Sequence[Row],
        length_s: Callable[[Row], float],
        make: Callable[[Sequence[Row]], list[Made]],
        refuse: Callable[[Row, Exception], Made],
    ) -> Iterator[Made]:
        """What `make` gives for every row, in the order it is worked in; `refuse` answers for a row that failed.

        Raises:
            SetupError: as `make` raised it.
        """
        left = sorted(rows, key=length_s)  # little is padded where all are of a length
        while left:
            n_rows = 1
            while n_rows < len(left) and self.limits.allow(n_rows + 1, length_s(left[n_rows])):
                n_rows += 1
            batch, left = left[:n_rows], left[n_rows:]
            made, problem = _try(batch, make)
            if problem is None:
                yield from made
            elif n_rows == 1:
                yield refuse(batch[0], problem)
            elif isinstance(problem, OutOfMemoryError):
                # Halved, not row by row: each alone would fit, but so slowly that the run would seem to hang.
                self.limits = _half(self.limits, n_rows, length_s(batch[-1]))
                left = batch + left
            else:
                yield from work_singly(batch, make, refuse)


def work_singly(
    rows: Sequence[Row], make: Callable[[Sequence[Row]], list[Made]], refuse: Callable[[Row, Exception], Made]
) -> Iterator[Made]:
    """What `make` gives for every row alone, in their order; `refuse` answers for a row that failed.

    Raises:
        SetupError: as `make` raised it.
    """
    for row in rows:
        made, problem = _try([row], make)
        yield refuse(row, problem) if problem else made[0]


def _try(rows: Sequence[Row], make: Callable[[Sequence[Row]], list[Made]]) -> tuple[list[Made], Exception | None]:
    try:
        return make(rows), None
    except SetupError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a row does to the model, its neighbours go on
        # Without its traceback, whose frames would keep the batch's tensors in the memory that is short.
        return [], _in_our_words(error).with_traceback(None)


def _half(limits: BatchLimits, n_rows: int, longest_s: float) -> BatchLimits:
    """Memory follows the padded length; where rows have none, only their number is left to cut."""
    if longest_s > 0:
        return replace(limits, sound_s=n_rows // 2 * longest_s)
    return replace(limits, n_rows=n_rows // 2)


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory was short: on a GPU, where torch has an error of its own, or in the process."""
    if isinstance(error, MemoryError):
        return True
    if not isinstance(error, RuntimeError):
        return False
    # Torch's own error is known by its name, since not every process here has torch; the allocator of the CPU, and
    # libraries under torch, have only words.
    return type(error).__name__ == "OutOfMemoryError" or any(words in str(error) for words in _SHORT_OF_MEMORY)


_SHORT_OF_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def _in_our_words(error: Exception) -> Exception:
    if not is_out_of_memory(error):
        return error
    got = str(error).partition("\n")[0][:200]
    return OutOfMemoryError("The row does not fit into memory even alone", got=got, mend="cut it into shorter ones")
