"""Putting a bundle down: weights first, the page that names their hashes last, so that a page never lies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hierbatch.models.bundle import BundlePart
from hierbatch.storage import write_whole

if TYPE_CHECKING:
    from torch import Tensor


def write_bundle(folder: Path, weights: dict[str, Tensor], page: dict[str, Any]) -> None:
    """Put down weights in half precision and the page that names their hash; the page last.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    from safetensors.torch import save

    content = save({name: value.half().contiguous() for name, value in weights.items()})
    with write_whole(folder / "model.safetensors") as aside:
        aside.write_bytes(content)
    page = page | {"weights_sha256": hashlib.sha256(content).hexdigest()}
    with write_whole(folder / "bundle.json") as aside:
        aside.write_text(json.dumps(page, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_bundle_parts(
    folder: Path, weights: Mapping[str, Mapping[str, Tensor]], parts: Sequence[Mapping[str, str]], page: dict[str, Any]
) -> None:
    """Put down networks that may be there or not, each in a file of its own as it is, and the page last.

    Args:
        folder: the bundle's folder; whoever calls gives it its name when all of it stands.
        weights: by part, the weights by name.
        parts: what `BundlePart` says of each, but for its `sha256`.
        page: all else of `bundle.json`, but for `weights_sha256`.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    from safetensors.torch import save

    told: dict[str, dict[str, str]] = {}
    for part in parts:
        name = part["name"]
        content = save({key: value.contiguous() for key, value in weights[name].items()})
        with write_whole(folder / f"{name}.safetensors") as aside:
            aside.write_bytes(content)
        made = BundlePart(**{**part, "sha256": hashlib.sha256(content).hexdigest()})
        told[name] = {key: value for key, value in asdict(made).items() if key != "name"}
    identity = json.dumps({name: part["sha256"] for name, part in sorted(told.items())})
    page = page | {"weights_sha256": hashlib.sha256(identity.encode()).hexdigest(), "parts": told}
    with write_whole(folder / "bundle.json") as aside:
        aside.write_text(json.dumps(page, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
