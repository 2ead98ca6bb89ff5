"""Content features of several perturbed versions of each prepared recording; training draws a version at random.

PREPARED/
  perturbed.json          number of versions
  <shard>/perturbed.f16   all versions of all frames, one version after another

Legend: T frames (50/s), C channels, V versions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Samples
from hierbatch.errors import InputError
from hierbatch.json_object import parse_json_object
from hierbatch.storage import write_atomically
from hierbatch.training.perturbation import perturb
from hierbatch.training.prepared import PreparedSet, PreparedUtterance

Vectors = npt.NDArray[np.float32]

_SETTINGS, _FILE = "perturbed.json", "perturbed.f16"


class PerturbedFeatures:
    """Features of all perturbed versions of all utterances, memory-mapped from disk."""

    def __init__(self, folder: Path, channels: int) -> None:
        """Open the perturbed versions of a prepared set.

        Args:
            folder: folder of the prepared set.
            channels: number of channels of the features.

        Raises:
            InputError: there are no perturbed versions, or some shards lack them.
        """
        self.n_versions = _read_n_versions(folder)
        self._shards: list[npt.NDArray[np.float16]] = []
        for index in _shard_folders(folder):
            path = index / _FILE
            if not path.is_file():
                raise InputError(
                    f"{index} has no perturbed features", fix="run `hierbatch train perturb` again; it resumes"
                )
            self._shards.append(np.memmap(path, np.float16, "r").reshape(self.n_versions, -1, channels))

    def read(self, utterance: PreparedUtterance, version: int, start: int = 0, n_frames: int | None = None) -> Vectors:
        """Read the features of one version.

        Args:
            utterance: utterance of the prepared set.
            version: index of the version, below `n_versions`.
            start: first frame.
            n_frames: number of frames; to the end by default.

        Shape:
            returns  [n_frames, C]
        """
        length = utterance.n_frames - start if n_frames is None else n_frames
        first = utterance.first_frame + start
        return self._shards[utterance.shard][version, first : first + length].astype(np.float32)


def has_perturbed_features(folder: Path) -> bool:
    """True if a prepared set has perturbed versions."""
    return (folder / _SETTINGS).is_file()


def write_perturbed_features(
    folder: Path, n_versions: int, features: Callable[[Samples], Vectors], log: Callable[[str], None]
) -> None:
    """Compute and write the perturbed versions of all utterances; shards that have them are skipped.

    Args:
        folder: folder of the prepared set.
        n_versions: number of versions of each utterance.
        features: extractor of the set's features, from samples to [T, C].
        log: function that receives a line for each shard.

    Raises:
        InputError: the set has perturbed versions already, but not `n_versions` of them.
        StorageError: the disk is full, read-only or gone.
    """
    prepared = PreparedSet(folder)
    if has_perturbed_features(folder) and _read_n_versions(folder) != n_versions:
        raise InputError(
            "The prepared set has another number of perturbed versions",
            expected=str(_read_n_versions(folder)),
            got=str(n_versions),
            fix=f"use that number, or delete {folder / _SETTINGS} and the files {_FILE}",
        )
    for shard, index in enumerate(_shard_folders(folder)):
        target = index / _FILE
        utterances = [utterance for utterance in prepared.utterances if utterance.shard == shard]
        if target.is_file():
            continue
        with write_atomically(target) as temporary, temporary.open("wb") as file:
            for version in range(n_versions):
                for utterance in utterances:
                    random = np.random.default_rng(np.random.SeedSequence([version, *utterance.id.encode()]))
                    vectors = features(perturb(prepared.audio(utterance), random))
                    file.write(vectors[: utterance.n_frames].astype("<f2").tobytes())
        log(f"{index.name}: {n_versions} versions of {len(utterances)} utterances")
    with write_atomically(folder / _SETTINGS) as temporary:
        temporary.write_text(json.dumps({"n_versions": n_versions}) + "\n", encoding="utf-8")


def _shard_folders(folder: Path) -> list[Path]:
    return [path.parent for path in sorted(folder.glob("*/index.parquet"))]


def _read_n_versions(folder: Path) -> int:
    try:
        return int(parse_json_object((folder / _SETTINGS).read_bytes())["n_versions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "The prepared speech has no perturbed features",
            got=str(folder),
            fix="run `hierbatch train perturb`",
        ) from error
