"""Bodies of requests are checked field by field."""

from __future__ import annotations

import json

import pytest

from hierbatch.service.request import MAX_CHARACTERS, RequestError, parse_request


def _body(**values: object) -> bytes:
    return json.dumps({"model": "lite", "input": "Hello.", "voice": "anna", **values}).encode()


def test_a_request_of_an_openai_client_is_read() -> None:
    request = parse_request(_body(response_format="flac", speed=1.25))
    assert (request.text, request.voice, request.format, request.speed) == ("Hello.", "anna", "flac", 1.25)
    assert parse_request(_body()).format == "mp3"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"[1]", None),
        (b"[" * 100_000, None),
        (b'{"input": "\xff"}', None),
        (_body(input=""), "input"),
        (_body(input=["a"]), "input"),
        (_body(input="a" * (MAX_CHARACTERS + 1)), "input"),
        (_body(voice=None), "voice"),
        (_body(speed="fast"), "speed"),
        (_body(speed=float("nan")), "speed"),
        (_body(speed=True), "speed"),
        (_body(seed=-1), "seed"),
        (_body(response_format="aiff"), "response_format"),
        (_body(response_format=["mp3"]), "response_format"),
        (_body(voice="\ud800"), None),
        (_body(language=3), "language"),
        (_body(path="/etc/passwd"), "path"),
    ],
)
def test_a_bad_field_is_named(body: bytes, field: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(body)
    assert caught.value.field == field
