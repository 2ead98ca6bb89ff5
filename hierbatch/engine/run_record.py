"""Checks of `run.json`, which another program or a person may have changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from hierbatch.errors import RunError
from hierbatch.object_path import is_remote
from hierbatch.regular_file import regular_file_size

FORMAT = 1
"""Version of the format of `run.json`."""

_SETTINGS = {"task": str, "seed": int, "voices": dict, "model": str, "fingerprint": str}


def read_record(path: Path) -> dict[str, Any]:
    """Read and check the record of a run: `format`, and `generations` with their numbers, settings, origins and times.

    Raises:
        FileNotFoundError: there is no such file.
        RunError: the file cannot be read, is not the record of a run, or does not have the current format version.
    """
    try:
        if not is_remote(path):
            regular_file_size(path)
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(
            f"{path} cannot be read", got=str(error), fix="check its permissions, or restore it from a copy"
        ) from error
    if not isinstance(record, dict):
        raise _damaged(path, "no object")
    if record.get("format") != FORMAT:
        raise RunError(
            f"{path.parent} has another format version",
            expected=f"format {FORMAT}",
            got=str(record.get("format"))[:40],
            fix="use the hierbatch version that wrote it",
        )
    generations = record.get("generations")
    if not isinstance(generations, list) or not generations:
        raise _damaged(path, "no generations")
    for number, generation in enumerate(generations, start=1):
        if not _is_generation(generation, number):
            raise _damaged(path, f"no generation {number} with settings, origin and started_at")
    return record


def check_generation(generation: Mapping[str, Any], path: Path) -> None:
    """Check that a generation has all settings that are needed to continue a run.

    Args:
        generation: entry of a record.
        path: file of the record, for error messages only.

    Raises:
        RunError: a setting is missing or has the wrong type.
    """
    settings, origin = generation["settings"], generation["origin"]
    wrong = [name for name, kind in _SETTINGS.items() if not isinstance(settings.get(name), kind)]
    if not wrong and not all(isinstance(value, str) for value in (*origin.values(), *settings["voices"].values())):
        wrong = ["text values"]
    if "model" not in origin:
        wrong.append("the origin of the model")
    if wrong:
        raise _damaged(path, f"generation {generation['number']} without {', '.join(wrong)}")


def _is_generation(generation: Any, number: int) -> bool:
    if not isinstance(generation, Mapping) or generation.get("number") != number:
        return False
    if not all(isinstance(generation.get(name), Mapping) for name in ("settings", "origin")):
        return False
    try:
        datetime.fromisoformat(generation.get("started_at", ""))
    except (TypeError, ValueError):
        return False
    return True


def _damaged(path: Path, got: str) -> RunError:
    return RunError(
        f"{path} is damaged",
        expected="the record that `hierbatch run` wrote",
        got=got,
        fix="restore the file from a copy, or start a new run in another folder",
    )
