"""Why a row failed, in one word and in a sentence."""

from __future__ import annotations

from hierbatch.errors import HierbatchError

_MAX_CHARACTERS = 500


def reason(error: Exception) -> tuple[str, str]:
    """Kind and message of a failed row: our own errors name their kind, all others are an `exception`."""
    if isinstance(error, HierbatchError):
        return error.kind, str(error)[:_MAX_CHARACTERS]
    return "exception", f"{type(error).__name__}: {error}"[:_MAX_CHARACTERS]
