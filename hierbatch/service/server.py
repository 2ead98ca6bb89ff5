"""Speech server: loads a model and its voices, and serves until it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hierbatch.desk.loopback import LOOPBACK_HOSTS
from hierbatch.desk.server import listen
from hierbatch.errors import InputError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import list_voices
from hierbatch.manifest.voices.voices import check_consent
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.programs import require_package

if TYPE_CHECKING:
    from hierbatch.service.speech_service import SpeechService

DEFAULT_PORT = 8378


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeJob:
    """Voices, model and address of a speech server."""

    voices: VoiceChoice
    model: ModelChoice
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token: str = ""
    """Key that clients must send; required unless the host is a loopback address."""


def serve(job: ServeJob, on_start: Callable[[str], None] | None = None) -> None:
    """Serve the speech endpoint until the process is interrupted.

    Args:
        job: voices, model and address.
        on_start: function that is called with the address of the endpoint once clients can connect.

    Raises:
        InputError: there is no voice, a consent is unknown, a public address has no token, or the port is in use.
        BundleError: the model is not a text-to-speech model, or cannot be loaded.
        PromptError: the prompt of a voice cannot be used.
        ProgramError: Starlette or uvicorn is not installed.
    """
    uvicorn = require_package("uvicorn", extra="desk")
    require_package("starlette", extra="desk")
    is_local = job.host in LOOPBACK_HOSTS
    if not is_local and not job.token:
        raise InputError(
            "Other machines could use the voices without a key",
            expected="a token for a host that is not a loopback address",
            got=f"--host {job.host} without a token",
            fix="set HIERBATCH_TOKEN or --token",
        )
    from hierbatch.service.app import speech_app

    service = load_service(job.voices, job.model)
    with listen(job.host, job.port) as listening:
        port = listening.getsockname()[1]
        app = speech_app(service, token=job.token, is_local=is_local)
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", server_header=False)
        if on_start:
            on_start(f"http://{job.host}:{port}/v1")
        uvicorn.Server(config).run(sockets=[listening])


def load_service(voices: VoiceChoice, model: ModelChoice) -> SpeechService:
    """Load a model and encode its voices.

    Raises:
        InputError: there is no voice, or a consent is unknown.
        BundleError: the model is not a text-to-speech model, or cannot be loaded.
        PromptError: the prompt of a voice cannot be used.
    """
    from hierbatch.api.loading import load_speech_pipeline
    from hierbatch.service.speech_service import SpeechService

    rows = list_voices(voices)
    check_consent(rows, allow_unknown=False)
    pipeline = load_speech_pipeline(model)
    ratio = voices.denoise_ratio or 0.0
    encoded = {
        row.voice: pipeline.voice(row.read_prompt(), consent=row.consent, name=row.voice, denoise_ratio=ratio)
        for row in rows
    }
    return SpeechService(pipeline, encoded)
