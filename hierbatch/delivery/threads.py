"""Threads for the chapters of a book; numpy and soundfile release the GIL, and ffmpeg is a separate process."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def n_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], n_threads: int | None = None
) -> Iterator[Result]:
    """Apply a function to items in threads; yield the results in order.

    At most `n_threads` + 1 items are in progress or wait for the consumer, which bounds the memory.

    Args:
        function: function that is called once per item. Its exception is raised in place of the result of the item, and
            no further items are started.
        items: the items, read one at a time.
        n_threads: number of threads; by default one per core.
    """
    n_threads = n_threads or n_cores()
    ahead: deque[Future[Result]] = deque()
    with thread_pool(n_threads) as pool:
        for item in items:
            ahead.append(pool.submit(function, item))
            if len(ahead) > n_threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


@contextmanager
def thread_pool(n_threads: int) -> Iterator[ThreadPoolExecutor]:
    """Context with a pool of threads; calls that have not started when the context exits are cancelled."""
    pool = ThreadPoolExecutor(n_threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
