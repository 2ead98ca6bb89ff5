"""Access control of the local page: a token, then a cookie; known host names, a single origin, and strict headers.

The server listens on the loopback interface only. Other programs on this machine do not know the token. Requests from
pages of other sites are refused by their Origin header, and DNS rebinding by the Host header.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hierbatch.desk.loopback import LOOPBACK_HOSTS, host_name

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """Token in the printed address and session key in the cookie; both are new at every start."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24))


class AccessControl:
    """Middleware that refuses requests without access, and adds security headers to all responses."""

    def __init__(self, app: ASGIApp, secrets: Secrets) -> None:
        self._app, self._secrets = app, secrets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # web sockets are not served

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await (self._refusal(scope) or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        """Response that refuses the request, or that sets the cookie and redirects; None to let the request pass."""
        headers = Headers(scope=scope)
        if host_name(f"//{headers.get('host', '')}") not in LOOPBACK_HOSTS:
            return _refuse("This page is available under 127.0.0.1 and localhost only.")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return _refuse("Only GET and POST are accepted.", 405)
        if scope["method"] == "POST" and not _is_same_origin(headers):
            return _refuse("Requests from other sites are refused.")
        cookie = f"hierbatch-{_port(scope)}"
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and _is_equal(given, self._secrets.token):
            answer = RedirectResponse("/", status_code=303)
            answer.set_cookie(cookie, self._secrets.session, httponly=True, samesite="strict", path="/")
            return answer
        if _is_equal(cookie_parser(headers.get("cookie", "")).get(cookie, ""), self._secrets.session):
            return None
        return _refuse("Open the address that `hierbatch review` printed: it contains the token of this page.")


def _port(scope: Scope) -> int:
    """Port of the server, which is part of the cookie's name because browsers do not separate cookies by port."""
    return int((scope.get("server") or ("", 0))[1] or 0)


def _is_same_origin(headers: Headers) -> bool:
    """True if the Origin and Host headers agree; through an SSH tunnel, both have the port of the tunnel."""
    try:
        return urlsplit(headers.get("origin", "")).netloc == headers["host"]
    except ValueError:
        return False


def _is_equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _refuse(reason: str, status: int = 403) -> Response:
    return PlainTextResponse(reason + "\n", status_code=status)
