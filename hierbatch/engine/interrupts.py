"""Ctrl-C and SIGTERM: where units are in hand a request, which a second one makes an order; elsewhere an order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Inside the block, SIGTERM is what Ctrl-C is: a KeyboardInterrupt, so that all that was begun is cleared away.

    A SIGTERM that somebody handles or ignores already, or a block outside the main thread, stays as it is.
    """

    def on_signal(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def sigterm_kept() -> Iterator[None]:
    """Give SIGTERM back to whom it belonged before the block, in which a library takes it for itself.

    Where it belonged to nobody, the library may keep it. A SystemExit in the block is that library's answer to it.
    """
    before = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    try:
        yield
    except SystemExit as ended:
        raise KeyboardInterrupt from ended
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Inside the block, a function that tells whether somebody asked to stop.

    Outside the main thread signals cannot be watched, and nobody ever asks.
    """
    asked = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            # Python knows no handler that a library in C has set.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
