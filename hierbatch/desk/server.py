"""Server of the review desk on the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from hierbatch.errors import InputError
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.programs import require_package

DEFAULT_PORT = 8377
_BACKLOG = 128
"""Number of connections that may wait for the server to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewJob:
    """Run to review, and the port of the page."""

    run: Path
    port: int = DEFAULT_PORT
    """Port on 127.0.0.1; 0 selects a free port."""
    read_only: bool = False
    device: DeviceChoice = field(default_factory=DeviceChoice)
    """Device of the model that makes new takes."""


def review(job: ReviewJob, on_start: Callable[[str], None] | None = None) -> None:
    """Serve the review desk of a run until the process is interrupted.

    Args:
        job: run and port.
        on_start: function that is called with the address of the page, which contains its token, once clients can
            connect.

    Raises:
        RunError: the folder is not a run.
        InputError: the port is in use.
        ProgramError: Starlette or uvicorn is not installed.
    """
    uvicorn = require_package("uvicorn", extra="desk")
    require_package("starlette", extra="desk")
    from hierbatch.desk.access import Secrets
    from hierbatch.desk.app import desk_app
    from hierbatch.desk.desk import Desk
    from hierbatch.desk.respeak_thread import RespeakThread
    from hierbatch.desk.run_view import RunView
    from hierbatch.desk.writer import Writer

    view = RunView(job.run)
    writer = Writer(view.layout.desk_lock_file, is_wanted=not job.read_only)
    respeak = None if job.read_only else RespeakThread(job.run, job.device, view.notify)
    desk = Desk(view, writer, respeak)
    try:
        with listen("127.0.0.1", job.port) as listening:
            secrets = Secrets()
            port = listening.getsockname()[1]
            config = uvicorn.Config(
                desk_app(desk, secrets), log_level="warning", access_log=False, lifespan="off", server_header=False
            )
            if respeak and writer.is_held():
                respeak.start()
            if on_start:
                on_start(f"http://127.0.0.1:{port}/?token={secrets.token}")
            server = uvicorn.Server(config)
            end_at_once = server.handle_exit

            def end(number: int, frame: FrameType | None) -> None:
                view.release()  # the server waits for the answers in progress
                end_at_once(number, frame)

            server.handle_exit = end
            server.run(sockets=[listening])
    finally:
        desk.close()


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that accepts connections for a server; port 0 selects a free port.

    Clients that connect before the server runs are served once it runs.

    Raises:
        InputError: the address does not exist or the port is in use.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise InputError(
            f"{host}:{port} cannot be used",
            got=error.strerror or str(error),
            fix="choose another --port, or 0 for a free one",
        ) from error
    return listening
