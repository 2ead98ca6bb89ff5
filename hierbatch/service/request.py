"""Requests to the speech endpoint: validated JSON bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hierbatch.json_object import parse_json_object
from hierbatch.service.formats import FORMATS

MAX_CHARACTERS = 4096
"""Maximum length of the text of one request, as in OpenAI's API."""
MAX_BODY_BYTES = 64 * 1024
_MIN_SPEED, _MAX_SPEED = 0.5, 2.0
_KNOWN = frozenset(
    {"model", "input", "voice", "response_format", "speed", "language", "seed", "instructions", "stream_format"}
)


class RequestError(Exception):
    """A request that cannot be served: HTTP status, message, and the field at fault."""

    def __init__(self, message: str, *, field: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.field, self.status = message, field, status


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSpeechRequest:
    """Validated request: text, voice and settings of the speech."""

    text: str
    voice: str
    format: str = "mp3"
    speed: float = 1.0
    language: str = "auto"
    seed: int = 0


def parse_request(body: bytes) -> HttpSpeechRequest:
    """Read the JSON body of a request.

    Raises:
        RequestError: the body is not a JSON object, or a field is missing, unknown or out of range.
    """
    try:
        values = parse_json_object(body)
    except ValueError as error:
        raise RequestError("The body is not a JSON object") from error
    if unknown := sorted(set(values) - _KNOWN):
        raise RequestError(f"Unknown field: {unknown[0]!r}. Expected: {', '.join(sorted(_KNOWN))}", field=unknown[0])
    text = _text(values, "input")
    if len(text) > MAX_CHARACTERS:
        raise RequestError(f"The input has {len(text)} characters. Expected: at most {MAX_CHARACTERS}", field="input")
    sound_format = values.get("response_format") or "mp3"
    if not isinstance(sound_format, str) or sound_format not in FORMATS:
        raise RequestError(f"Unknown format. Expected: {', '.join(FORMATS)}", field="response_format")
    speed, seed = values.get("speed", 1.0), values.get("seed", 0)
    if not _is_number(speed) or not _MIN_SPEED <= speed <= _MAX_SPEED:
        raise RequestError(f"The speed is out of range. Expected: {_MIN_SPEED} to {_MAX_SPEED}", field="speed")
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**31:
        raise RequestError("The seed is not an integer from 0 to 2147483647", field="seed")
    language = values.get("language", "auto")
    if not isinstance(language, str):
        raise RequestError("The language is not a string", field="language")
    return HttpSpeechRequest(
        text=text,
        voice=_text(values, "voice"),
        format=sound_format,
        speed=float(speed),
        language=language,
        seed=seed,
    )


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RequestError(f"The field {name!r} is missing or empty", field=name)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
