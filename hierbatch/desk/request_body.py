"""Bodies of HTTP requests, of limited size."""

from __future__ import annotations

from starlette.requests import Request

from hierbatch.errors import InputError


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body of a request; no more than one block beyond the limit is received.

    Args:
        request: request whose body has not been read.
        max_bytes: maximum size of the body.

    Raises:
        InputError: the body is too large.
        ClientDisconnect: the client has disconnected.
    """
    content = bytearray()
    async for block in request.stream():
        content += block
        if len(content) > max_bytes:
            raise InputError("The request is too large", expected=f"at most {max_bytes} bytes", fix="shorten it")
    return bytes(content)
