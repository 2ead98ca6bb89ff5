"""Changes to a run as server-sent events, so that pages need not poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from hierbatch.desk.run_view import RunView

_HEARTBEAT_S = 15.0
"""Interval of comments in the stream; only a failed write shows the server that the page was closed."""


async def changes(view: RunView) -> AsyncIterator[str]:
    """Yield an event with the version of the newest snapshot, at once and after every change, until the desk closes."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(changed.set)

    stop = view.listen(wake)
    try:
        while not view.is_closed:
            yield f"data: {view.state.version}\n\n"
            while not view.is_closed:
                try:
                    await asyncio.wait_for(changed.wait(), _HEARTBEAT_S)
                except TimeoutError:
                    yield ": waiting\n\n"
                else:
                    changed.clear()
                    break
    finally:
        stop()
