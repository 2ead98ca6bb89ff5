"""`hierbatch serve`: speech over HTTP for OpenAI-compatible clients."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import ModelChoice


@command
def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; a token is required unless it is a loopback address.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 selects a free one.")] = 8378,
    token: Annotated[
        str, typer.Option(envvar="HIERBATCH_TOKEN", help="API key that clients must send.", show_envvar=True)
    ] = "",
    voices: VoiceChoice,
    model: ModelChoice,
) -> None:
    """Serve speech over HTTP, for clients of OpenAI's /v1/audio/speech.

    Sound is streamed sentence by sentence as MP3, Opus, FLAC, WAV or PCM. GET /v1/voices lists the voices.

    Example: hierbatch serve --voices voices.csv
    """
    from hierbatch.service.server import ServeJob
    from hierbatch.service.server import serve as serve_job

    def print_address(address: str) -> None:
        print(f"{address}\nCtrl-C ends the server.", flush=True)

    with suppress(KeyboardInterrupt):
        serve_job(ServeJob(voices=voices, model=model, host=host, port=port, token=token), print_address)
