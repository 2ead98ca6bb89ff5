"""A bundle: a named folder with weights and a page that says what they are.

NAME/
  bundle.json            kind, languages, rate, licence, configuration, hash of the weights
  model.safetensors
  MODEL_CARD.md
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from hierbatch.errors import BundleError
from hierbatch.storage import write_whole

_KEYS = {"name", "kind", "languages", "rate_hz", "license", "config", "synthesis", "weights_sha256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What `bundle.json` says, and where it lies."""

    folder: Path
    name: str
    kind: str
    """Which family of networks reads it, e.g. `lite`."""
    languages: tuple[str, ...]
    rate_hz: int
    license: str
    config: dict[str, Any]
    """Sizes of the networks."""
    synthesis: dict[str, float]
    """Settings chosen on the development set."""
    weights_sha256: str

    @property
    def fingerprint(self) -> str:
        """Changes with anything a sound depends on: weights, sizes, settings."""
        identity = json.dumps([self.weights_sha256, self.config, self.synthesis], sort_keys=True)
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    @property
    def weights_path(self) -> Path:
        return self.folder / "model.safetensors"

    def load_weights(self) -> dict[str, Tensor]:
        """All weights as float32, checked against their hash.

        Raises:
            BundleError: the file is missing, damaged or not the one the page speaks of.
        """
        try:
            content = self.weights_path.read_bytes()
            found = hashlib.sha256(content).hexdigest()
            weights = load(content)
        except (OSError, SafetensorError) as error:
            raise BundleError(
                f"The weights of bundle {self.name!r} cannot be read",
                got=str(error),
                mend="reinstall hierbatch, or import the bundle again",
            ) from error
        if found != self.weights_sha256:
            raise BundleError(
                f"The weights of bundle {self.name!r} are not the ones its bundle.json names",
                wanted=f"SHA-256 {self.weights_sha256}",
                got=found,
                mend="reinstall hierbatch, or import the bundle again",
            )
        return {name: value.float() for name, value in weights.items()}


def packaged_bundles() -> Path:
    """Folder of the bundles inside the package."""
    return Path(str(resources.files("hierbatch.bundles")))


def find_bundle(bundle: str | Path) -> Bundle:
    """A packaged bundle by name, or any bundle by its folder.

    Raises:
        BundleError: there is none, or its page is damaged.
    """
    packaged = packaged_bundles() / str(bundle)
    folder = packaged if (packaged / "bundle.json").is_file() else Path(bundle)
    page = folder / "bundle.json"
    if not page.is_file():
        names = sorted(path.parent.name for path in packaged_bundles().glob("*/bundle.json"))
        raise BundleError(
            "There is no such model bundle",
            wanted=f"a packaged name ({', '.join(names) or 'none'}) or a folder with bundle.json",
            got=str(bundle),
        )
    try:
        values = json.loads(page.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError("A bundle's page cannot be read", wanted="JSON", got=f"{page}: {error}") from error
    if set(values) != _KEYS:
        raise BundleError(
            "A bundle's page has other keys than it should",
            wanted=", ".join(sorted(_KEYS)),
            got=", ".join(sorted(values)),
        )
    return Bundle(folder=folder, **(values | {"languages": tuple(values["languages"])}))


def write_bundle(folder: Path, weights: dict[str, Tensor], page: dict[str, Any]) -> None:
    """Put down weights in half precision and the page that names their hash; the page last.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    content = save({name: value.half().contiguous() for name, value in weights.items()})
    with write_whole(folder / "model.safetensors") as aside:
        aside.write_bytes(content)
    page = page | {"weights_sha256": hashlib.sha256(content).hexdigest()}
    with write_whole(folder / "bundle.json") as aside:
        aside.write_text(json.dumps(page, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
