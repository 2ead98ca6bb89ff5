"""Bundle writing: weights first, then `bundle.json` with their hashes, so the metadata never names missing weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hierbatch.models.weights.bundle import BundleComponent
from hierbatch.storage import write_atomically

if TYPE_CHECKING:
    from torch import Tensor


def write_bundle(folder: Path, weights: dict[str, Tensor], metadata: dict[str, Any]) -> None:
    """Write weights in half precision, then `bundle.json` with their hash.

    Args:
        folder: the bundle's folder.
        weights: all weights by name.
        metadata: contents of `bundle.json` except `weights_sha256`.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    from safetensors.torch import save

    content = save({name: value.half().contiguous() for name, value in weights.items()})
    with write_atomically(folder / "model.safetensors") as temporary:
        temporary.write_bytes(content)
    metadata = metadata | {"weights_sha256": hashlib.sha256(content).hexdigest()}
    with write_atomically(folder / "bundle.json") as temporary:
        temporary.write_text(json.dumps(metadata, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_bundle_components(
    folder: Path,
    weights: Mapping[str, Mapping[str, Tensor]],
    parts: Sequence[Mapping[str, str]],
    metadata: dict[str, Any],
) -> None:
    """Write each network to a separate file without changing its precision, then `bundle.json`.

    Args:
        folder: a temporary folder; the caller renames it to the bundle's name once everything is written.
        weights: weights by name, for each component name.
        parts: the fields of `BundleComponent` for each component, except `sha256`.
        metadata: the rest of `bundle.json`, except `weights_sha256`.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    from safetensors.torch import save

    described: dict[str, dict[str, str]] = {}
    for part in parts:
        name = part["name"]
        content = save({key: value.contiguous() for key, value in weights[name].items()})
        with write_atomically(folder / f"{name}.safetensors") as temporary:
            temporary.write_bytes(content)
        component = BundleComponent(**{**part, "sha256": hashlib.sha256(content).hexdigest()})
        described[name] = {key: value for key, value in asdict(component).items() if key != "name"}
    identity = json.dumps({name: part["sha256"] for name, part in sorted(described.items())})
    metadata = metadata | {"weights_sha256": hashlib.sha256(identity.encode()).hexdigest(), "components": described}
    with write_atomically(folder / "bundle.json") as temporary:
        temporary.write_text(json.dumps(metadata, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
