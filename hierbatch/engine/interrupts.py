"""Ctrl-C and SIGTERM: where units are in hand a request, which a second one makes an order; elsewhere an order."""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

_SIGNALS: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def sigterm_interrupts(ends_within_s: float | None = None) -> Iterator[None]:
    """Inside the block, SIGTERM is what Ctrl-C is: a KeyboardInterrupt, so that all that was begun is cleared away.

    A signal that somebody handles or ignores already, or a block outside the main thread, stays as it is.

    Args:
        ends_within_s: seconds after the first such signal in which this process has to end, also after the block; where
            it does not, since something hangs that is to be cleared away, it is ended with exit code 1, and the stacks
            of its threads are told.
    """
    is_timed = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal is_timed
        if ends_within_s and sys.__stderr__ and not is_timed:
            is_timed = True
            # No thread of Python's: what hangs may hold the lock that it needs to run.
            faulthandler.dump_traceback_later(ends_within_s, exit=True, file=sys.__stderr__)
        raise KeyboardInterrupt

    in_main = threading.current_thread() is threading.main_thread()
    nobodys: dict[int, Any] = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    taken = {number: handler for number, handler in nobodys.items() if in_main and signal.getsignal(number) == handler}
    for number in taken:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)


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
        if not asked.is_set():
            asked.set()
            return
        if callable(handler := before[number]):
            with suppress(SystemExit):  # so Ray answers
                handler(number, frame)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        signal.signal(number, on_signal)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            # Python knows no handler that a library in C has set.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
