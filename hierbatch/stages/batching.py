"""Batching of rows for a model: a row that fails does not affect others; running out of memory halves the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hierbatch.errors import OutOfMemoryError, SetupError
from hierbatch.models.device_placement import DevicePlacement

Row = TypeVar("Row")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """Limits of a batch: rows, and seconds of audio after padding to the longest row."""

    n_rows: int = 16
    sound_s: float = 60.0

    def allow(self, n_rows: int, longest_s: float) -> bool:
        """Return True if a batch is within the limits."""
        return n_rows <= self.n_rows and n_rows * longest_s <= self.sound_s


def recording_limits(placement: DevicePlacement) -> BatchLimits:
    """Batch limits for recordings on a device."""
    if placement.is_compiled:  # every other batch size would be compiled again
        return BatchLimits(n_rows=1)
    # On a CPU no more than one segment of a long recording: larger batches leave the cache and are slower.
    return BatchLimits(n_rows=4, sound_s=21.0) if placement.device == "cpu" else BatchLimits(n_rows=64)


class BatchProcessor:
    """Batch processor, which groups rows of similar length within `limits`.

    A batch that does not fit into memory is halved, and later batches stay within the new limit. A batch that fails for
    any other reason is repeated row by row, so that only the faulty rows fail.
    """

    def __init__(self, limits: BatchLimits) -> None:
        self.limits = limits
        """Current limits; lower than the initial ones after an out-of-memory error."""

    def work(
        self,
        rows: Sequence[Row],
        length_s: Callable[[Row], float],
        make: Callable[[Sequence[Row]], list[Result]],
        on_failure: Callable[[Row, Exception], Result],
    ) -> Iterator[Result]:
        """Yield one result per row, in the order of processing, which may differ from the order of `rows`.

        Args:
            rows: rows in any order.
            length_s: length of a row in seconds.
            make: function that processes a batch, and returns one result per row in the same order.
            on_failure: function that creates the result of a failed row from its error.

        Raises:
            SetupError: raised by `make`.
        """
        left = sorted(rows, key=length_s)  # similar lengths need little padding
        while left:
            n_rows = 1
            while n_rows < len(left) and self.limits.allow(n_rows + 1, length_s(left[n_rows])):
                n_rows += 1
            batch, left = left[:n_rows], left[n_rows:]
            results, problem = _try(batch, make)
            if problem is None:
                yield from results
            elif n_rows == 1:
                yield on_failure(batch[0], problem)
            elif isinstance(problem, OutOfMemoryError):
                # Halved, not row by row: single rows would fit, but so slowly that the run would seem to hang.
                self.limits = _half(self.limits, n_rows, length_s(batch[-1]))
                left = batch + left
            else:
                yield from process_individually(batch, make, on_failure)


def process_individually(
    rows: Sequence[Row], make: Callable[[Sequence[Row]], list[Result]], on_failure: Callable[[Row, Exception], Result]
) -> Iterator[Result]:
    """Yield one result per row, in order, with every row in a batch of its own.

    Args:
        rows: rows to process.
        make: function that processes a batch of one row, and returns a list with one result.
        on_failure: function that creates the result of a failed row from its error.

    Raises:
        SetupError: raised by `make`.
    """
    for row in rows:
        results, problem = _try([row], make)
        yield on_failure(row, problem) if problem else results[0]


def _try(rows: Sequence[Row], make: Callable[[Sequence[Row]], list[Result]]) -> tuple[list[Result], Exception | None]:
    try:
        return make(rows), None
    except SetupError:
        raise
    except Exception as error:  # noqa: BLE001 - one row must never stop the others
        # Without the traceback: its frames would keep the tensors of the batch in memory.
        return [], _as_memory_error(error).with_traceback(None)


def _half(limits: BatchLimits, n_rows: int, longest_s: float) -> BatchLimits:
    """Limit batches to half the audio of the failed batch, or to half its number of rows if the rows have no length."""
    if longest_s > 0:
        return replace(limits, sound_s=n_rows // 2 * longest_s)
    return replace(limits, n_rows=n_rows // 2)


def is_out_of_memory(error: Exception) -> bool:
    """Return True for an out-of-memory error of the GPU or of the process."""
    if isinstance(error, MemoryError):
        return True
    if not isinstance(error, RuntimeError):
        return False
    # Torch's error is recognized by its class name, since not every process imports torch; the CPU allocator and
    # libraries used by torch have only a message.
    return type(error).__name__ == "OutOfMemoryError" or any(text in str(error) for text in _OUT_OF_MEMORY_MESSAGES)


_OUT_OF_MEMORY_MESSAGES = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def _as_memory_error(error: Exception) -> Exception:
    if not is_out_of_memory(error):
        return error
    got = str(error).partition("\n")[0][:200]
    return OutOfMemoryError(
        "The row does not fit into memory even in a batch of one", got=got, fix="split it into shorter rows"
    )
