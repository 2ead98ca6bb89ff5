"""Parser of JSON objects from untrusted files: any other content raises ValueError, even if it is nested too deeply."""

from __future__ import annotations

import json
from typing import Any


def parse_json_object(content: str | bytes) -> dict[str, Any]:
    """Parse one JSON object.

    Raises:
        ValueError: the content is damaged, nested too deeply, has an unpaired surrogate, or is not an object.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        found = json.loads(data)
        if b"\\u" in data:
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no character
    except RecursionError as error:
        raise ValueError("too many nested values") from error
    if not isinstance(found, dict):
        raise ValueError(f"a JSON object is needed, not {type(found).__name__}")
    return found
