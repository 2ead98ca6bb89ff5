"""A bundle: a named folder with weights and a page that says what they are.

NAME/
  bundle.json            kind, languages, rate, licence, configuration, hash of the weights; of each part, if in parts
  model.safetensors      or a PART.safetensors for each network that may be there or not
  MODEL_CARD.md

Some lie inside the package; those a user imports or trains lie in `imported_bundles()`. Only what reads or writes
weights imports torch: pages are read by drivers and lists, which have no other use for half a gigabyte.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from hierbatch.errors import BundleError

if TYPE_CHECKING:
    from torch import Tensor

_KEYS = {"name", "kind", "languages", "rate_hz", "license", "config", "synthesis", "weights_sha256"}
_FOLDER_VARIABLE = "HIERBATCH_MODELS"
_MEND = "reinstall hierbatch, or import the bundle again"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundlePart:
    """One network of a bundle that is kept in parts."""

    name: str
    """Which network it is, e.g. `speechsr48k`."""
    sha256: str
    """Hash of the part's own file."""
    source: str
    """Name of the file or folder it was imported from."""
    source_sha256: str
    published: str
    """Which published file the source is; empty where it is none that is known."""
    license: str


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
    parts: tuple[BundlePart, ...] = ()

    @property
    def licenses(self) -> tuple[str, ...]:
        """The licences of all that is inside, each once."""
        # A bundle in parts names them all in its own licence too.
        licenses = [part.license for part in self.parts] or [self.license]
        return tuple(dict.fromkeys(licenses))

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
        return self._read(self.weights_path, self.weights_sha256)

    def has_part(self, name: str) -> bool:
        return any(part.name == name for part in self.parts)

    def part(self, name: str) -> BundlePart:
        """What the page says of one network of a bundle in parts; raises BundleError where there is none."""
        part = next((part for part in self.parts if part.name == name), None)
        if part is None:
            raise BundleError(
                f"Bundle {self.name!r} has no {name}",
                got=", ".join(part.name for part in self.parts) or "a bundle that is not in parts",
                mend="import the bundle again with that checkpoint beside the others",
            )
        return part

    def load_part(self, name: str) -> dict[str, Tensor]:
        """The weights of one network of a bundle in parts, checked like `load_weights`.

        Raises:
            BundleError: there is no such part, or its file is missing, damaged or another one.
        """
        part = self.part(name)
        return self._read(self.folder / f"{name}.safetensors", part.sha256)

    def check_weights(self) -> None:
        """Hash the weights, all parts of them, without loading any.

        Raises:
            BundleError: a file is missing, or not the one the page speaks of.
        """
        files = [(self.folder / f"{part.name}.safetensors", part.sha256) for part in self.parts]
        for path, wanted_sha256 in files or [(self.weights_path, self.weights_sha256)]:
            try:
                with path.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise self._unreadable(error) from error
            self._check_hash(found, wanted_sha256)

    def _read(self, path: Path, wanted_sha256: str) -> dict[str, Tensor]:
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            content = path.read_bytes()
            found = hashlib.sha256(content).hexdigest()
            weights = load(content)
        except (OSError, SafetensorError) as error:
            raise self._unreadable(error) from error
        self._check_hash(found, wanted_sha256)
        return {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}

    def _unreadable(self, error: Exception) -> BundleError:
        return BundleError(f"The weights of bundle {self.name!r} cannot be read", got=str(error), mend=_MEND)

    def _check_hash(self, found: str, wanted_sha256: str) -> None:
        if found != wanted_sha256:
            raise BundleError(
                f"The weights of bundle {self.name!r} are not the ones its bundle.json names",
                wanted=f"SHA-256 {wanted_sha256}",
                got=found,
                mend=_MEND,
            )


def packaged_bundles() -> Path:
    """Folder of the bundles inside the package."""
    return Path(str(resources.files("hierbatch.bundles")))


def imported_bundles() -> Path:
    """Folder of the bundles a user imported: `HIERBATCH_MODELS`, or `models` in his data folder for programs."""
    chosen = os.environ.get(_FOLDER_VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("hierbatch", appauthor=False) / "models"


def list_bundles() -> list[Bundle]:
    """Every packaged and every imported bundle, by name; a packaged name wins.

    Raises:
        BundleError: a page is damaged.
    """
    pages = [
        page for folder in (packaged_bundles(), imported_bundles()) for page in sorted(folder.glob("*/bundle.json"))
    ]
    by_name: dict[str, Bundle] = {}
    for page in pages:
        if not page.parent.name.startswith("."):
            by_name.setdefault(page.parent.name, _read_page(page))
    return list(by_name.values())


def find_bundle(bundle: str | Path) -> Bundle:
    """A packaged or imported bundle by name, or any bundle by its folder.

    Raises:
        BundleError: there is none, or its page is damaged.
    """
    for folder in (packaged_bundles() / str(bundle), imported_bundles() / str(bundle), Path(bundle)):
        if (folder / "bundle.json").is_file():
            return _read_page(folder / "bundle.json")
    pages = (page for folder in (packaged_bundles(), imported_bundles()) for page in folder.glob("*/bundle.json"))
    raise BundleError(
        "There is no such model bundle",
        wanted=f"one of {', '.join(sorted({page.parent.name for page in pages}))}, or a folder with bundle.json",
        got=str(bundle),
        mend="`hierbatch models list` names what is here, `hierbatch models import` takes in checkpoints",
    )


def _read_page(page: Path) -> Bundle:
    try:
        values = json.loads(page.read_text(encoding="utf-8"))
        parts = tuple(BundlePart(name=name, **part) for name, part in values.pop("parts", {}).items())
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BundleError("A bundle's page cannot be read", wanted="JSON", got=f"{page}: {error}") from error
    if set(values) != _KEYS:
        raise BundleError(
            "A bundle's page has other keys than it should",
            wanted=", ".join(sorted(_KEYS)),
            got=", ".join(sorted(values)),
        )
    languages = tuple(values.pop("languages"))
    return Bundle(folder=page.parent, languages=languages, parts=parts, **values)
