"""Error kind and message of a failed row."""

from __future__ import annotations

from hierbatch.errors import HierbatchError

_MAX_CHARACTERS = 500


def reason(error: Exception) -> tuple[str, str]:
    """Error kind and message of an exception; the kind is `exception` unless the error is one of hierbatch's."""
    if isinstance(error, HierbatchError):
        return error.kind, str(error)[:_MAX_CHARACTERS]
    return "exception", f"{type(error).__name__}: {error}"[:_MAX_CHARACTERS]
