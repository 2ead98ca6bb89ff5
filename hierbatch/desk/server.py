"""Server of the desk on the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.programs import require_package

DEFAULT_PORT = 8377


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewJob:
    """Run to review, and the port of the page."""

    run: Path
    port: int = DEFAULT_PORT
    """Port on 127.0.0.1; 0 takes a free one."""
    read_only: bool = False


def review(job: ReviewJob, on_start: Callable[[str], None] | None = None) -> None:
    """Serve the desk of a run until the process is interrupted.

    Args:
        job: run and port.
        on_start: called with the address of the page, which contains its token.

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
    from hierbatch.desk.run_view import RunView
    from hierbatch.desk.writer import Writer

    desk = Desk(RunView(job.run), Writer(job.run / "desk.lock", is_wanted=not job.read_only))
    try:
        with _listen(job.port) as listening:
            secrets = Secrets()
            port = listening.getsockname()[1]
            config = uvicorn.Config(
                desk_app(desk, secrets), log_level="warning", access_log=False, lifespan="off", server_header=False
            )
            if on_start:
                on_start(f"http://127.0.0.1:{port}/?token={secrets.token}")
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        desk.close()


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise InputError(
            f"Port {port} cannot be used",
            got=error.strerror or str(error),
            fix="choose another --port, or 0 for a free one",
        ) from error
    return listening
