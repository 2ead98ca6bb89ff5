"""Routes of the review desk. Requests name rows and takes by id; no text of a request is used as a file path."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hierbatch.desk.access import AccessControl, Secrets
from hierbatch.desk.changes import changes
from hierbatch.desk.desk import Desk
from hierbatch.desk.request_body import read_body
from hierbatch.errors import HierbatchError, InputError, StorageError
from hierbatch.json_object import parse_json_object

_MAX_BODY_BYTES = 65_536
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


def desk_app(desk: Desk, secrets: Secrets) -> Starlette:
    """Create the ASGI application of one desk."""
    pages = _static_files()
    routes = [
        Route("/", lambda request: _page(pages, "index.html")),
        Route("/static/{name:path}", lambda request: _page(pages, request.path_params["name"])),
        Route("/api/changes", _changes(desk)),
        Route("/api/run", _get(lambda request: desk.summary())),
        Route("/api/contents", _get(lambda request: desk.contents())),
        Route("/api/chapters/{number}", _get(lambda request: desk.chapter(_chapter_number(request)))),
        Route("/api/rows/{row}", _get(lambda request: desk.row(request.path_params["row"]))),
        Route("/api/rows/{row}/takes/{take}/words", _get(lambda request: desk.words(**request.path_params))),
        Route("/api/rows/{row}/takes/{take}/audio", _audio(desk)),
        Route("/api/decide", _post(desk.decide), methods=["POST"]),
        Route("/api/played", _post(desk.mark_played), methods=["POST"]),
        Route("/api/speak", _post(desk.speak), methods=["POST"]),
        Route("/api/table", _post(desk.table), methods=["POST"]),
        Route("/api/histograms", _post(desk.histograms), methods=["POST"]),
        Route("/api/audit", _post(desk.draw_audit), methods=["POST"]),
        Route("/api/phonemes", _post(desk.phonemes), methods=["POST"]),
        Route("/api/words", _get(lambda request: desk.word_list())),
        Route("/api/words/correct", _post(desk.correct_word), methods=["POST"]),
        Route("/api/undo", _post(desk.undo), methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(AccessControl, secrets=secrets)])


def _static_files() -> dict[str, tuple[bytes, str]]:
    """Content and media type of every static file, by name; requests can obtain no other files."""
    found: dict[str, tuple[bytes, str]] = {}
    folders = [("", files("hierbatch.desk") / "static")]
    while folders:
        prefix, folder = folders.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                folders.append((f"{prefix}{entry.name}/", entry))
            elif (kind := _TYPES.get("." + entry.name.rpartition(".")[2])) is not None:
                found[prefix + entry.name] = (entry.read_bytes(), kind)
    return found


def _page(pages: dict[str, tuple[bytes, str]], name: str) -> Response:
    if name not in pages:
        return Response("There is no such page.\n", status_code=404, media_type="text/plain")
    content, kind = pages[name]
    return Response(content, media_type=kind)


def _chapter_number(request: Request) -> int:
    written = str(request.path_params["number"])
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise InputError("The request names no chapter", got=written[:40], fix="reload the page")
    return int(written)


def _get(answer: Callable[[Request], Any]) -> Callable[[Request], Response]:
    """Make an endpoint that responds with the JSON of `answer`; it is not async, so that Starlette uses a thread."""

    def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(answer(request))
        except HierbatchError as error:
            return _error(error)

    return endpoint


def _post(act: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await _read_object(request)
            return JSONResponse(await run_in_threadpool(act, body))
        except HierbatchError as error:
            return _error(error)
        except ClientDisconnect:  # nobody is there to read an answer
            return Response(status_code=400)

    return endpoint


def _changes(desk: Desk) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return StreamingResponse(changes(desk.view), media_type="text/event-stream")

    return endpoint


def _audio(desk: Desk) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        try:
            content, kind = desk.audio(**request.path_params)
        except HierbatchError as error:
            return _error(error)
        # The address contains the key of the take, so its content never changes.
        return Response(content, media_type=kind, headers={"cache-control": "private, max-age=86400, immutable"})

    return endpoint


async def _read_object(request: Request) -> dict[str, Any]:
    """Read the body of a request as a JSON object of limited size; raises InputError."""
    content = await read_body(request, _MAX_BODY_BYTES)
    try:
        return parse_json_object(content or b"{}")
    except ValueError as error:
        raise InputError("The request is not a JSON object", got=str(error)[:80], fix="reload the page") from error


def _error(error: HierbatchError) -> Response:
    status = 507 if isinstance(error, StorageError) else 400
    return JSONResponse({"error": str(error)}, status_code=status)
