"""`hierbatch review`: local page to listen to a run and to decide about its takes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.object_path import local_path


@command
def review(
    run: Annotated[Path, typer.Argument(parser=local_path, help="Run folder.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 selects a free one.")] = 8377,
    read_only: Annotated[bool, typer.Option("--read-only", help="Show the run without changing it.")] = False,
    *,
    device: DeviceChoice,
) -> None:
    """Listen to a run in the browser, correct sentences, and choose among takes.

    Serves a page on this machine only; its address contains a token. Works while the run is in progress. On another
    machine, forward the port: ssh -L 8377:127.0.0.1:8377 HOST.

    Example: hierbatch review runs/book
    """
    from hierbatch.desk.server import ReviewJob
    from hierbatch.desk.server import review as review_job

    def print_address(address: str) -> None:
        print(f"{address}\nPress Ctrl-C to stop the review.", flush=True)

    with suppress(KeyboardInterrupt):
        review_job(ReviewJob(run=run, port=port, read_only=read_only, device=device), print_address)
