"""Results as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object; paths become strings."""
    print(json.dumps(values, default=str, ensure_ascii=False, indent=2))
