"""Model bundle: a named folder with weights and their metadata.

NAME/
  bundle.json            kind, languages, rate, license, configuration, hash of the weights, and any components
  model.safetensors      or one COMPONENT.safetensors for each optional network
  MODEL_CARD.md

Some bundles ship inside the package; imported or trained ones are in `imported_bundle_folder()`.
Only functions that read or write weights import torch, which takes half a gigabyte of memory; processes that plan runs
or list models need the metadata alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from hierbatch.errors import BundleError
from hierbatch.json_object import parse_json_object
from hierbatch.models.weights.earlier_names import with_current_metadata, with_current_names

if TYPE_CHECKING:
    from torch import Tensor

_KEYS = {"name", "kind", "languages", "rate_hz", "license", "config", "synthesis", "weights_sha256"}
_OPTIONAL_KEYS = {"frontend_versions"}
_MAX_RATE_HZ = 768_000
_COMPONENT_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_FOLDER_VARIABLE = "HIERBATCH_MODELS"
_FIX = "reinstall hierbatch, or import the bundle again"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleComponent:
    """Network of a bundle that stores each of its networks in a separate file."""

    name: str
    """Network name, e.g. `speechsr48k`."""
    sha256: str
    """Hash of the component's own file."""
    source: str
    """Name of the file or folder that the component was imported from."""
    source_sha256: str
    published_name: str
    """Name of the published file that the source matches; empty if it matches none."""
    license: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Contents of a `bundle.json`, and the bundle's folder."""

    folder: Path
    name: str
    kind: str
    """Kind of model, which determines the loader, e.g. `lite`."""
    languages: tuple[str, ...]
    frontend_versions: Mapping[str, str] = field(default_factory=dict)
    """Version of the phoneme set that the model expects, per language (`hierbatch.frontend.language`)."""
    rate_hz: int
    license: str
    config: dict[str, Any]
    """Hyperparameters of the networks."""
    synthesis: dict[str, float]
    """Inference settings, tuned on the development set."""
    weights_sha256: str
    components: tuple[BundleComponent, ...] = ()

    @property
    def licenses(self) -> tuple[str, ...]:
        """Licenses of all contents, without duplicates."""
        # The `license` of a bundle with components lists all of theirs too.
        licenses = [component.license for component in self.components] or [self.license]
        return tuple(dict.fromkeys(licenses))

    @property
    def fingerprint(self) -> str:
        """Short hash of the weights, hyperparameters and inference settings."""
        identity = json.dumps([self.weights_sha256, self.config, self.synthesis], sort_keys=True)
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    @property
    def weights_path(self) -> Path:
        """Weights file of a bundle without components."""
        return self.folder / "model.safetensors"

    def load_weights(self) -> dict[str, Tensor]:
        """Load all weights as float32, checked against their hash.

        Raises:
            BundleError: the file is missing or damaged, or its hash differs from `weights_sha256`.
        """
        return self._read(self.weights_path, self.weights_sha256)

    def has_component(self, name: str) -> bool:
        """True if the bundle has a component of this name."""
        return any(component.name == name for component in self.components)

    def component(self, name: str) -> BundleComponent:
        """Metadata of one component.

        Raises:
            BundleError: there is no such component.
        """
        component = next((component for component in self.components if component.name == name), None)
        if component is None:
            raise BundleError(
                f"Bundle {self.name!r} has no {name}",
                got=", ".join(component.name for component in self.components) or "a bundle without components",
                fix="import the bundle again together with that checkpoint",
            )
        return component

    def load_component(self, name: str) -> dict[str, Tensor]:
        """Load the weights of one component as float32, checked against their hash.

        Raises:
            BundleError: there is no such component, its file is missing or damaged, or its hash differs.
        """
        component = self.component(name)
        return self._read(self.folder / f"{name}.safetensors", component.sha256)

    def check_weights(self) -> None:
        """Check the hash of every weights file without loading any.

        Raises:
            BundleError: a file is missing, or its hash differs from the one in `bundle.json`.
        """
        files = [(self.folder / f"{component.name}.safetensors", component.sha256) for component in self.components]
        for path, expected_sha256 in files or [(self.weights_path, self.weights_sha256)]:
            try:
                with path.open("rb") as file:
                    actual_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise self._unreadable(error) from error
            self._check_hash(actual_sha256, expected_sha256)

    def _read(self, path: Path, expected_sha256: str) -> dict[str, Tensor]:
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            content = path.read_bytes()
            actual_sha256 = hashlib.sha256(content).hexdigest()
            weights = load(content)
        except (OSError, SafetensorError) as error:
            raise self._unreadable(error) from error
        self._check_hash(actual_sha256, expected_sha256)
        try:
            current = with_current_names(weights, is_lite=self.kind == "lite")
        except ValueError as error:  # earlier and current names in one file
            raise self._unreadable(error) from error
        return {name: value.float() if value.is_floating_point() else value for name, value in current.items()}

    def _unreadable(self, error: Exception) -> BundleError:
        return BundleError(f"The weights of bundle {self.name!r} cannot be read", got=str(error), fix=_FIX)

    def _check_hash(self, actual_sha256: str, expected_sha256: str) -> None:
        if actual_sha256 != expected_sha256:
            raise BundleError(
                f"The weights of bundle {self.name!r} do not match the hash in its bundle.json",
                expected=f"SHA-256 {expected_sha256}",
                got=actual_sha256,
                fix=_FIX,
            )


def packaged_bundle_folder() -> Path:
    """Folder of the bundles that ship with the package."""
    return Path(str(resources.files("hierbatch.bundles")))


def imported_bundle_folder() -> Path:
    """Folder of imported bundles: `$HIERBATCH_MODELS` if set, else `models` in the user's application data folder."""
    chosen = os.environ.get(_FOLDER_VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("hierbatch", appauthor=False) / "models"


def list_bundles() -> list[Bundle]:
    """List all packaged and imported bundles; a packaged bundle hides an imported one of the same name.

    Raises:
        BundleError: a `bundle.json` is damaged.
    """
    paths = [
        path
        for folder in (packaged_bundle_folder(), imported_bundle_folder())
        for path in sorted(folder.glob("*/bundle.json"))
    ]
    by_name: dict[str, Bundle] = {}
    for path in paths:
        if not path.parent.name.startswith("."):
            by_name.setdefault(path.parent.name, _read_metadata(path))
    return list(by_name.values())


def find_bundle(bundle: str | Path) -> Bundle:
    """Find a packaged or imported bundle by name, or any bundle by its folder.

    Raises:
        BundleError: there is no such bundle, or its `bundle.json` is damaged.
    """
    for folder in (packaged_bundle_folder() / str(bundle), imported_bundle_folder() / str(bundle), Path(bundle)):
        if (folder / "bundle.json").is_file():
            return _read_metadata(folder / "bundle.json")
    paths = (
        path for folder in (packaged_bundle_folder(), imported_bundle_folder()) for path in folder.glob("*/bundle.json")
    )
    raise BundleError(
        "There is no such model bundle",
        expected=f"one of {', '.join(sorted({path.parent.name for path in paths}))}, or a folder with bundle.json",
        got=str(bundle),
        fix="list the installed bundles with `hierbatch models list`, or add one with `hierbatch models add`",
    )


def _read_metadata(path: Path) -> Bundle:
    try:
        values = with_current_metadata(parse_json_object(path.read_bytes()))
        described = values.pop("components", {})
        components = tuple(BundleComponent(name=name, **component) for name, component in described.items())
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise BundleError("A bundle.json cannot be read", expected="JSON", got=f"{path}: {error}") from error
    if set(values) - _OPTIONAL_KEYS != _KEYS:
        raise BundleError(
            "A bundle.json has missing or unknown keys",
            expected=", ".join(sorted(_KEYS)),
            got=", ".join(sorted(values)),
        )
    if wrong := [*_wrong_values(values), *_wrong_components(components)]:
        raise BundleError(f"{path} has invalid values", got=", ".join(wrong), fix=_FIX)
    languages = tuple(values.pop("languages"))
    return Bundle(folder=path.parent, languages=languages, components=components, **values)


def _wrong_values(values: Mapping[str, Any]) -> list[str]:
    """Keys of `bundle.json` whose values have the wrong type or are out of range."""
    rate_hz, versions = values["rate_hz"], values.get("frontend_versions", {})
    is_valid = {
        **{name: isinstance(values[name], str) for name in ("name", "kind", "license", "weights_sha256")},
        "languages": isinstance(values["languages"], list) and _are(str, values["languages"]),
        "rate_hz": isinstance(rate_hz, int) and 0 < rate_hz <= _MAX_RATE_HZ,
        "config": isinstance(values["config"], dict),
        "synthesis": isinstance(values["synthesis"], dict) and _are((int, float), values["synthesis"].values()),
        "frontend_versions": isinstance(versions, dict) and _are(str, versions.values()),
    }
    return [name for name, is_right in is_valid.items() if not is_right]


def _wrong_components(components: Iterable[BundleComponent]) -> list[str]:
    """Components that have values other than text, or a name that cannot be a file name."""
    return [
        f"component {component.name[:40]!r}"
        for component in components
        if not _are(str, astuple(component)) or not _COMPONENT_NAME.fullmatch(component.name)
    ]


def _are(kind: type | tuple[type, ...], values: Iterable[Any]) -> bool:
    return all(isinstance(value, kind) for value in values)
