"""Handling of Ctrl-C and SIGTERM.

While units are in progress, the first signal requests a stop and the second signal interrupts; at other times the first
signal interrupts.
"""

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
def sigterm_as_interrupt(exit_within_s: float | None = None) -> Iterator[None]:
    """Context in which SIGTERM raises KeyboardInterrupt, like Ctrl-C, so that all cleanup code runs.

    Signals that already have a handler or are ignored stay unchanged. Outside the main thread nothing changes.

    Args:
        exit_within_s: seconds after the first signal at which the process, if it is still running, prints the stack
            traces of its threads and exits with code 1, even after the block; None for no limit.
    """
    is_timed = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal is_timed
        if exit_within_s and sys.__stderr__ and not is_timed:
            is_timed = True
            # Not a Python thread: the code that hangs may own the lock that a thread needs.
            faulthandler.dump_traceback_later(exit_within_s, exit=True, file=sys.__stderr__)
        raise KeyboardInterrupt

    in_main = threading.current_thread() is threading.main_thread()
    defaults: dict[int, Any] = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    replaced = {
        number: handler for number, handler in defaults.items() if in_main and signal.getsignal(number) == handler
    }
    for number in replaced:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)


@contextmanager
def preserve_sigterm_handler() -> Iterator[None]:
    """Context that restores the SIGTERM handler at its end, for blocks in which a library installs its own handler.

    A SystemExit inside the block, as the library's handler raises it, becomes a KeyboardInterrupt. If there was no
    handler before the block, nothing is restored or converted. The same is true outside the main thread.
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
    """Context that provides a function, which returns True once SIGINT or SIGTERM has arrived.

    A second signal raises KeyboardInterrupt. Signals cannot be handled outside the main thread, where the function
    always returns False.
    """
    requested = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if not requested.is_set():
            requested.set()
            return
        if callable(handler := before[number]):
            with suppress(SystemExit):  # raised by Ray's handler
                handler(number, frame)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield requested.is_set
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        signal.signal(number, on_signal)
    try:
        yield requested.is_set
    finally:
        for number, handler in before.items():
            # A handler installed by a C library reads as None.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
