"""Messages of jobs to the caller of the Python API."""

from __future__ import annotations

from collections.abc import Callable

from hierbatch.engine.progress import RunListener

OnMessage = Callable[[str], None]
"""Receives notices on the inputs and on the progress, such as `print`."""


def listener(on_message: OnMessage | None) -> RunListener | None:
    """Listener that passes on notices; None without a receiver."""
    return RunListener(on_message=on_message) if on_message else None
