"""Run folder of a training run, with its recipe, configuration and start weights.

RUN/
  run.json      recipe, data and start weights
  config.toml   every value of the configuration
  checkpoints/ curve.jsonl samples/ tensorboard/   written by the trainer
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hierbatch.errors import InputError
from hierbatch.json_object import parse_json_object
from hierbatch.storage import write_atomically
from hierbatch.toml_config import to_toml

_RUN, CONFIG = "run.json", "config.toml"


def write_run(folder: Path, config: Any, values: Mapping[str, Any]) -> None:
    """Write `run.json` and `config.toml`.

    Args:
        folder: run folder; created if missing.
        config: configuration of the recipe.
        values: contents of `run.json`, among them `recipe`, the name of the recipe.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    with write_atomically(folder / CONFIG) as temporary:
        temporary.write_text(to_toml(config), encoding="utf-8")
    with write_atomically(folder / _RUN) as temporary:
        temporary.write_text(json.dumps(dict(values), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_run(folder: Path) -> dict[str, Any]:
    """Read the contents of `run.json`.

    Raises:
        InputError: the folder is not a run folder.
    """
    try:
        return parse_json_object((folder / _RUN).read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(
            "There is no training in this folder",
            expected="the --out folder of `hierbatch train`",
            got=str(folder),
            fix="correct the path",
        ) from error
