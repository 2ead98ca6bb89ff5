"""Messages of jobs to the caller of the Python API."""

from __future__ import annotations

from collections.abc import Callable

from hierbatch.engine.progress import RunListener

OnMessage = Callable[[str], None]
"""Function that receives notices about the inputs and the progress, such as `print`."""


def listener(on_message: OnMessage | None) -> RunListener | None:
    """Create a run listener that passes notices to `on_message`; return None if `on_message` is None."""
    return RunListener(on_message=on_message) if on_message else None
