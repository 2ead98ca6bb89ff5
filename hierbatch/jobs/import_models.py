"""Checkpoints from elsewhere to a bundle: each file told apart, loaded strictly, put down as safetensors."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from hierbatch.errors import BundleError, InputError
from hierbatch.models.bundle import Bundle, find_bundle, imported_bundles, packaged_bundles
from hierbatch.models.bundle_writing import write_bundle_parts
from hierbatch.models.checkpoint import Checkpoint, read_checkpoint
from hierbatch.models.official.files import OFFICIAL_KIND, official_file_of
from hierbatch.models.published import PUBLISHED_NETWORKS, PublishedNetwork, Recognised, find_network, recognise
from hierbatch.storage import staging_folder, storage_error
from hierbatch.units import RATE_HZ

_SUFFIXES = {".pth", ".pt", ".ckpt", ".bin", ".safetensors"}
_SUFFIXLESS = re.compile(r"g_.+")
"""How the published denoiser's file is called."""
_SAFE, _PICKLED = "model.safetensors", "pytorch_model.bin"
"""The two names under which a folder of `transformers` may hold the same weights."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportModels:
    """Which checkpoints, and what the bundle is to be called."""

    sources: Sequence[str]
    """Files and folders; `NETWORK=FILE` says which network a file is where its names do not."""
    name: str
    folder: Path | None = None
    """Where bundles lie; `imported_bundles()` where it is not given."""
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ImportedPart:
    """One file that became a part of the bundle."""

    network: PublishedNetwork
    path: Path
    sha256: str
    published: str


@dataclass(frozen=True, slots=True)
class ImportedModels:
    """A bundle, and what of the sources is not in it."""

    bundle: Bundle
    parts: tuple[ImportedPart, ...]
    left_out: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    network: PublishedNetwork | None = None
    is_found: bool = False
    """Found in a folder, so that a file of no use is no mistake."""


@dataclass(slots=True)
class _Taken:
    parts: list[ImportedPart] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)


def import_models(job: ImportModels, tell: Callable[[ImportedPart], None] | None = None) -> ImportedModels:
    """Read every checkpoint, check that all of it fits, and put the bundle down whole or not at all.

    Raises:
        BundleError: a file cannot be opened, is of no known network, does not fit it, or a network is there twice.
        InputError: a name or a path is wrong, or a bundle of that name stands already.
        StorageError: the disk is full.
    """
    home = job.folder or imported_bundles()
    _check_name(job, home)
    taken = _Taken()
    with staging_folder(home) as aside:
        made = aside / job.name
        weights, pages = {}, []
        for source in _sources(job.sources):
            part = _load(source, taken)
            if part is None:
                continue
            imported, tensors = part
            weights[imported.network.name] = tensors
            pages.append(_part_page(imported))
            taken.parts.append(imported)
            if tell is not None:
                tell(imported)
        if not taken.parts:
            raise BundleError(
                "There is no checkpoint of a known network",
                wanted=", ".join(PUBLISHED_NETWORKS),
                got=", ".join(job.sources),
            )
        write_bundle_parts(made, weights, pages, _page(job.name, taken.parts))
        _move(made, home / job.name)
    return ImportedModels(find_bundle(home / job.name), tuple(taken.parts), tuple(taken.left_out))


def _check_name(job: ImportModels, home: Path) -> None:
    if not _NAME.fullmatch(job.name):
        raise InputError(
            "A bundle cannot be called so", wanted="letters, digits, '.', '_' and '-', 64 at most", got=repr(job.name)
        )
    if (packaged_bundles() / job.name).exists():
        raise InputError("A packaged model is called so", got=job.name, mend="choose another --name")
    if (home / job.name).exists() and not job.replace:
        raise InputError(
            "A model of that name is here already",
            got=str(home / job.name),
            mend="choose another --name, or pass --replace",
        )


def _sources(words: Sequence[str]) -> Iterator[_Source]:
    for word in words:
        name, is_named, rest = word.partition("=")
        path = Path(rest if is_named and not Path(word).exists() else word)
        network = find_network(name) if path != Path(word) else None
        if path.is_dir():
            files = _files_of(path)
            if network is not None and len(files) != 1:
                raise InputError(f"{path} holds not one checkpoint", got=f"{len(files)}", mend="name the file itself")
            yield from (_Source(file, network, is_found=network is None) for file in files)
        elif path.exists():
            yield _Source(path, network)
        else:
            raise InputError("There is no such checkpoint", wanted="a file or a folder", got=str(path))


def _files_of(folder: Path) -> list[Path]:
    """What may be a checkpoint; of weights that `transformers` saved twice, the format that needs no unpickling."""
    files = {file for file in folder.rglob("*") if file.is_file() and _looks_like_weights(file)}
    return sorted(file for file in files if file.name != _PICKLED or file.with_name(_SAFE) not in files)


def _looks_like_weights(file: Path) -> bool:
    return file.suffix in _SUFFIXES or bool(_SUFFIXLESS.fullmatch(file.name))


def _load(source: _Source, taken: _Taken) -> tuple[ImportedPart, dict[str, Tensor]] | None:
    checkpoint = read_checkpoint(source.path)
    recognised = _as_named(checkpoint, source.network) if source.network else recognise(checkpoint)
    if recognised is None and source.is_found:
        taken.left_out.append(source.path)
        return None
    if recognised is None:
        raise BundleError(
            f"The weights in {source.path} are of no network that is known",
            wanted=", ".join(PUBLISHED_NETWORKS),
            got=_shown_names(checkpoint),
            mend="name a checkpoint of HierSpeech++",
        )
    network = recognised.network
    earlier = next((part for part in taken.parts if part.network is network), None)
    if earlier is not None:
        raise BundleError(
            f"There are two checkpoints of {network.name}",
            got=f"{earlier.path} and {source.path}",
            mend="name the one you want",
        )
    module = network.load(checkpoint)
    part = ImportedPart(network, source.path, checkpoint.sha256, recognised.published)
    return part, dict(module.state_dict())


def _as_named(checkpoint: Checkpoint, network: PublishedNetwork) -> Recognised:
    """What the user says a file is, unless its hash says otherwise."""
    published = official_file_of(checkpoint.sha256) or ""
    if published and published not in network.files:
        raise BundleError(
            f"{checkpoint.source} is another network", wanted=network.name, got=f"the published {published}"
        )
    return Recognised(network, published)


def _shown_names(checkpoint: Checkpoint) -> str:
    names = list(checkpoint.weights)
    return f"{len(names)} tensors, the first are {', '.join(names[:3])}"


def _part_page(part: ImportedPart) -> dict[str, str]:
    return {
        "name": part.network.name,
        "source": part.path.name,
        "source_sha256": part.sha256,
        "published": part.published,
        "license": part.network.license,
    }


def _page(name: str, parts: Sequence[ImportedPart]) -> dict[str, object]:
    languages = dict.fromkeys(language for part in parts for language in part.network.languages)
    licenses = dict.fromkeys(part.network.license for part in parts)
    return {
        "name": name,
        "kind": OFFICIAL_KIND,
        "languages": list(languages),
        "rate_hz": RATE_HZ,
        "license": "; ".join(licenses),
        "config": {},
        "synthesis": {},
    }


def _move(made: Path, place: Path) -> None:
    """Give the finished folder its name; an older one goes only when the new one stands whole beside it."""
    old = made.parent / f"{made.name}.old"
    try:
        if place.exists():
            os.replace(place, old)
        os.replace(made, place)
    except OSError as error:
        if old.exists() and not place.exists():
            os.replace(old, place)
        raise storage_error(error, place) from error
    shutil.rmtree(old, ignore_errors=True)
