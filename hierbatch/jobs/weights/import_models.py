"""Import of published checkpoints as a bundle: each file is identified, loaded strictly, and stored as safetensors."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError, InputError
from hierbatch.jobs.weights.checkpoint_sources import CheckpointSource, find_checkpoints
from hierbatch.models.catalog.hierspeechpp_networks import (
    IMPORTABLE_NETWORKS,
    IdentifiedNetwork,
    ImportableNetwork,
    identify_network,
)
from hierbatch.models.catalog.network_page import NetworkPage, read_network_page
from hierbatch.models.hierspeechpp.files import HIERSPEECHPP_KIND, find_file_by_hash
from hierbatch.models.weights.bundle import Bundle, find_bundle, imported_bundle_folder, packaged_bundle_folder
from hierbatch.models.weights.bundle_writing import write_bundle_components
from hierbatch.models.weights.checkpoint import Checkpoint, read_checkpoint
from hierbatch.storage import staging_folder, storage_error

_DESCRIBED = ("ttv", "synthesizer", "speechsr24k", "speechsr48k")
"""Networks whose sizes a TOML page may describe."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportModels:
    """Checkpoints to import, and the name of the bundle."""

    sources: Sequence[str]
    """Files and folders; `NETWORK=FILE` states the network of a file that cannot be identified."""
    name: str
    folder: Path | None = None
    """Folder of imported bundles; None takes `imported_bundle_folder()`."""
    replace: bool = False
    """Replace an imported bundle of the same name."""
    page: Path | None = None
    """TOML page that describes networks trained elsewhere; None for the published networks."""


@dataclass(frozen=True, slots=True)
class ImportedComponent:
    """A checkpoint file imported as one component of the bundle."""

    network: ImportableNetwork
    path: Path
    sha256: str
    published_name: str


@dataclass(frozen=True, slots=True)
class ImportedModels:
    """The new bundle, its components, and the skipped files, which were found in folders."""

    bundle: Bundle
    components: tuple[ImportedComponent, ...]
    left_out: tuple[Path, ...]


@dataclass(slots=True)
class _Imported:
    """Components imported and files skipped so far."""

    components: list[ImportedComponent] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)


def import_models(job: ImportModels, on_component: Callable[[ImportedComponent], None] | None = None) -> ImportedModels:
    """Read and check every checkpoint, and write the bundle atomically.

    Args:
        job: checkpoints to import, and the name of the bundle.
        on_component: function that is called after each imported checkpoint.

    Raises:
        BundleError: a file cannot be opened, belongs to no known network, or does not fit its network; a network occurs
            twice; or the page describes networks that cannot be used.
        InputError: a name or a path is invalid, or a bundle of that name exists.
        StorageError: the disk is full.
    """
    home = job.folder or imported_bundle_folder()
    _check_name(job, home)
    network_page = NetworkPage() if job.page is None else read_network_page(job.page)
    imported = _Imported()
    with staging_folder(home) as staging:
        folder = staging / job.name
        weights, pages = {}, []
        for source in find_checkpoints(job.sources):
            loaded = _load(source, imported, network_page)
            if loaded is None:
                continue
            component, tensors = loaded
            weights[component.network.name] = tensors
            pages.append(_component_page(component, network_page if job.page else None))
            imported.components.append(component)
            if on_component is not None:
                on_component(component)
        if not imported.components:
            raise BundleError(
                "No checkpoint belongs to a known network",
                expected=", ".join(IMPORTABLE_NETWORKS),
                got=", ".join(job.sources),
                fix="name checkpoints of HierSpeech++",
            )
        write_bundle_components(folder, weights, pages, _page(job, imported.components, network_page))
        move_bundle(folder, home / job.name)
    return ImportedModels(find_bundle(home / job.name), tuple(imported.components), tuple(imported.skipped))


def _check_name(job: ImportModels, home: Path) -> None:
    if not _NAME.fullmatch(job.name):
        raise InputError(
            "The bundle name is invalid",
            expected="letters, digits, '.', '_' and '-', 64 at most",
            got=repr(job.name),
            fix="choose another --name",
        )
    if (packaged_bundle_folder() / job.name).exists():
        raise InputError("A packaged model has this name", got=job.name, fix="choose another --name")
    if (home / job.name).exists() and not job.replace:
        raise InputError(
            "A model of this name exists",
            got=str(home / job.name),
            fix="choose another --name, or pass --replace",
        )


def _load(
    source: CheckpointSource, imported: _Imported, page: NetworkPage
) -> tuple[ImportedComponent, dict[str, Tensor]] | None:
    checkpoint = read_checkpoint(source.path)
    identified = _as_named(checkpoint, source.network) if source.network else identify_network(checkpoint, page)
    if identified is None and source.is_found:
        imported.skipped.append(source.path)
        return None
    if identified is None:
        raise BundleError(
            f"The weights in {source.path} belong to no known network",
            expected=", ".join(IMPORTABLE_NETWORKS),
            got=_shown_names(checkpoint),
            fix="name a checkpoint of HierSpeech++",
        )
    network = identified.network
    earlier = next((component for component in imported.components if component.network is network), None)
    if earlier is not None:
        raise BundleError(
            f"There are two checkpoints of {network.name}",
            got=f"{earlier.path} and {source.path}",
            fix="name the one you want",
        )
    module = network.load(checkpoint, page)
    component = ImportedComponent(network, source.path, checkpoint.sha256, identified.published_name)
    return component, dict(module.state_dict())


def _as_named(checkpoint: Checkpoint, network: ImportableNetwork) -> IdentifiedNetwork:
    """Accept the network that the user stated, unless the hash of the file is that of another published network."""
    published_name = find_file_by_hash(checkpoint.sha256) or ""
    if published_name and published_name not in network.files:
        raise BundleError(
            f"{checkpoint.source} is a checkpoint of another network",
            expected=network.name,
            got=f"the published {published_name}",
            fix="correct the name before the =",
        )
    return IdentifiedNetwork(network, published_name)


def _shown_names(checkpoint: Checkpoint) -> str:
    names = list(checkpoint.weights)
    return f"{len(names)} tensors, the first are {', '.join(names[:3])}"


def _component_page(component: ImportedComponent, page: NetworkPage | None) -> dict[str, str]:
    return {
        "name": component.network.name,
        "source": component.path.name,
        "source_sha256": component.sha256,
        "published_name": component.published_name,
        "license": _license(component, page),
    }


def _license(component: ImportedComponent, page: NetworkPage | None) -> str:
    """License of a component: that of the page if the file is not published and the page describes its network."""
    is_own = page is not None and not component.published_name and component.network.name in _DESCRIBED
    return page.license if page is not None and is_own else component.network.license


def _page(job: ImportModels, components: Sequence[ImportedComponent], page: NetworkPage) -> dict[str, object]:
    known = None if job.page is None else page
    languages = dict.fromkeys(language for component in components for language in component.network.languages)
    licenses = dict.fromkeys(_license(component, known) for component in components)
    names = {component.network.name for component in components}
    config: dict[str, object] = {name: page.sizes(name) for name in _DESCRIBED if name in names and page.sizes(name)}
    if page.vocabulary is not None and "ttv" in names:
        config["vocabulary"] = page.vocabulary_values
    if page.languages and "ttv" in names:
        languages = dict.fromkeys(page.languages)
    return {
        "name": job.name,
        "kind": HIERSPEECHPP_KIND,
        "languages": list(languages),
        "rate_hz": page.synthesizer.rate_hz if "synthesizer" in names else RATE_HZ,
        "license": "; ".join(licenses),
        "config": config,
        "synthesis": {},
    }


def move_bundle(folder: Path, target: Path) -> None:
    """Rename a finished bundle folder to `target`; a previous folder there is deleted only afterwards."""
    old = folder.parent / f"{folder.name}.old"
    try:
        if target.exists():
            os.replace(target, old)
        os.replace(folder, target)
    except OSError as error:
        if old.exists() and not target.exists():
            os.replace(old, target)
        raise storage_error(error, target) from error
    shutil.rmtree(old, ignore_errors=True)
