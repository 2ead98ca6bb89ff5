"""Web application of the speech service: `/v1/audio/speech`, `/v1/voices`, `/v1/models` and `/health`."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Send

from hierbatch.desk.loopback import LOOPBACK_HOSTS, host_name
from hierbatch.desk.request_body import read_body
from hierbatch.errors import HierbatchError, InputError
from hierbatch.service.formats import FORMATS, encode_stream
from hierbatch.service.request import MAX_BODY_BYTES, RequestError, parse_request
from hierbatch.service.speech_service import SpeechService

Endpoint = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)


def speech_app(service: SpeechService, *, token: str = "", is_local: bool = True) -> Starlette:
    """Create the ASGI application of a loaded model.

    Args:
        service: model and voices.
        token: key that clients must send as `Authorization: Bearer TOKEN`; if empty, no key is required.
        is_local: True to accept only loopback host names, and to refuse requests from pages of other sites.
    """

    def guarded(endpoint: Endpoint) -> Endpoint:
        return _guarded(endpoint, token, is_local=is_local)

    async def speech(request: Request) -> Response:
        spoken = parse_request(await _body(request))
        blocks = await run_in_threadpool(service.speak, spoken)
        return _SpeechStream(
            encode_stream(blocks, service.pipeline.rate_hz, spoken.format),
            media_type=FORMATS[spoken.format].media_type,
            headers={"x-synthetic-speech": "true", "x-voice-consent": service.voices[spoken.voice].consent},
        )

    async def voices(_: Request) -> Response:
        listed = [
            {"id": name, "object": "voice", "consent": voice.consent, "notices": list(voice.notices)}
            for name, voice in service.voices.items()
        ]
        return JSONResponse({"object": "list", "data": listed})

    async def models(_: Request) -> Response:
        model = {"id": service.pipeline.name, "object": "model", "languages": list(service.pipeline.languages)}
        return JSONResponse({"object": "list", "data": [model]})

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/v1/audio/speech", guarded(speech), methods=["POST"]),
            Route("/v1/voices", guarded(voices)),
            Route("/v1/models", guarded(models)),
            Route("/health", health),
        ]
    )


def _guarded(endpoint: Endpoint, token: str, *, is_local: bool) -> Endpoint:
    """Endpoint that checks access first, and answers a refused request with a JSON error."""

    async def answer(request: Request) -> Response:
        try:
            _check_access(request, token, is_local=is_local)
            return await endpoint(request)
        except RequestError as error:
            return _error_response(error)
        except ClientDisconnect:  # nobody is there to read an answer
            return Response(status_code=400)

    return answer


def _check_access(request: Request, token: str, *, is_local: bool) -> None:
    host = host_name(f"//{request.headers.get('host', '')}")
    origin = request.headers.get("origin")  # programs send none, and sandboxed pages "null"
    if is_local and (host not in LOOPBACK_HOSTS or (origin is not None and host_name(origin) not in LOOPBACK_HOSTS)):
        raise RequestError("This service accepts requests only from programs on its own machine", status=403)
    sent = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
        raise RequestError("The API key is missing or wrong", status=401)


class _SpeechStream(StreamingResponse):
    """Stream that is cut off if a sentence cannot be synthesized, so that clients see that the sound is incomplete."""

    async def stream_response(self, send: Send) -> None:
        """Send the blocks; after an error, stop without the regular end of the stream."""
        try:
            await super().stream_response(send)
        except (RequestError, HierbatchError) as error:  # the status has been sent
            _log.warning("An answer was cut off: %s", error)


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, MAX_BODY_BYTES)
    except InputError as error:
        raise RequestError(str(error), status=413) from error


def _error_response(error: RequestError) -> Response:
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    content = {"error": {"message": error.message, "type": kind, "param": error.field, "code": None}}
    return JSONResponse(content, status_code=error.status)
