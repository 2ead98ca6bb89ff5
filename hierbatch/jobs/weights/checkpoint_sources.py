"""Checkpoint files named by the arguments of an import: files, folders, or paths with a stated network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.models.catalog.hierspeechpp_networks import ImportableNetwork, find_network

_SUFFIXES = {".pth", ".pt", ".ckpt", ".bin", ".safetensors"}
_SUFFIXLESS = re.compile(r"g_.+")
"""Pattern of the name of the published denoiser checkpoint, which has no suffix."""
_SAFE, _PICKLED = "model.safetensors", "pytorch_model.bin"
"""The two file names under which `transformers` may store the same weights."""


@dataclass(frozen=True, slots=True)
class CheckpointSource:
    """A checkpoint file, with its network if the user stated it."""

    path: Path
    network: ImportableNetwork | None = None
    is_found: bool = False
    """True if the file was found in a folder; such a file is skipped if it is unknown, instead of raising an error."""


def find_checkpoints(arguments: Sequence[str]) -> Iterator[CheckpointSource]:
    """Yield the checkpoint files of all arguments.

    Args:
        arguments: files and folders; `NETWORK=PATH` states the network of a file, or of the only file in a folder.

    Raises:
        InputError: a path does not exist, or a folder with a stated network does not have exactly one checkpoint.
        BundleError: a stated network is unknown.
    """
    for argument in arguments:
        name, is_named, rest = argument.partition("=")
        path = Path(rest if is_named and not Path(argument).exists() else argument)
        network = find_network(name) if path != Path(argument) else None
        if path.is_dir():
            files = _files_of(path)
            if network is not None and len(files) != 1:
                raise InputError(
                    f"{path} does not hold exactly one checkpoint",
                    expected="1 file",
                    got=f"{len(files)}",
                    fix="name the file itself",
                )
            yield from (CheckpointSource(file, network, is_found=network is None) for file in files)
        elif path.exists():
            yield CheckpointSource(path, network)
        else:
            raise InputError(
                "There is no such checkpoint", expected="a file or a folder", got=str(path), fix="correct the path"
            )


def _files_of(folder: Path) -> list[Path]:
    """Files of a folder that may be checkpoints.

    If `transformers` saved the same weights in two formats, only the file that needs no unpickling is listed.
    """
    files = {file for file in folder.rglob("*") if file.is_file() and _looks_like_weights(file)}
    return sorted(file for file in files if file.name != _PICKLED or file.with_name(_SAFE) not in files)


def _looks_like_weights(file: Path) -> bool:
    return file.suffix.lower() in _SUFFIXES or bool(_SUFFIXLESS.fullmatch(file.name))
