"""Golden folders: inputs and outputs of the published networks, and the rule that makes the weights they ran on.

DIR/
  manifest.json            salt and cases
  MODULE/keys.json         names and shapes of the module's weights, hash of all of them
  MODULE/CASE.npz          in_* and out_* arrays
"""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hierbatch.errors import InputError
from hierbatch.models.checkpoint import Checkpoint

_GAIN = 0.7
_QUIET_GAIN = 0.2
_PITCH_GAIN = 60.0
_CONSTANT_LEAVES = {"filter", "window"}
_SMALL_LEAVES = {"alpha", "beta", "m", "logs"}
_OFFSETS_AND_SPREADS = {"gamma": (1.0, 0.1), "running_mean": (0.0, 0.1), "slope": (1.0, 0.2)}
_POSITIVE_LEAVES = {"weight_g": 0.6, "running_var": 0.8}


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """One call of a published module."""

    module: str
    case: str
    path: Path
    args: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.module}/{self.case}"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All `in_*` and `out_*` arrays.

        Raises:
            InputError: the file is missing or damaged.
        """
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise InputError(f"The golden case {self.path} cannot be read", got=str(error)) from error


@dataclass(frozen=True, slots=True)
class GoldenFolder:
    """A folder of cases and the salt of its weights."""

    folder: Path
    salt: str
    cases: tuple[GoldenCase, ...]

    def rule_checkpoint(self, module: str, constants: Mapping[str, Callable[[int], Tensor]]) -> Checkpoint:
        """The weights a module's rule cases ran on, under their published names.

        Args:
            module: folder of `keys.json`.
            constants: by the last part of a name, what makes tensors that no rule makes (filters, windows), by size.

        Raises:
            InputError: the key file is missing or damaged, or the weights do not have the hash it names.
        """
        page = _read_json(self.folder / module / "keys.json")
        try:
            shapes = [(str(key), [int(size) for size in shape]) for key, shape, *_ in page["keys"]]
            wanted = str(page["sha256_of_key_and_bytes"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"The weights' names of golden module {module} are damaged", got=repr(error)) from error
        weights: dict[str, Tensor] = {}
        digest = hashlib.sha256()
        for key, shape in shapes:
            leaf = key.rpartition(".")[2]
            if leaf in _CONSTANT_LEAVES:
                value = constants[leaf](math.prod(shape)).reshape(shape).numpy()
            else:
                value = rule_tensor(key, shape, self.salt)
            digest.update(key.encode() + value.tobytes())
            weights[key] = torch.from_numpy(value)
        if digest.hexdigest() != wanted:
            raise InputError(
                f"The weights made by the rule for {module} are not the golden ones",
                wanted=wanted,
                got=digest.hexdigest(),
            )
        return Checkpoint(f"the rule weights of {module}", wanted, weights)


def read_golden_folder(folder: Path) -> GoldenFolder:
    """Read `manifest.json`.

    Raises:
        InputError: it is missing, damaged, or a case lies outside the folder.
    """
    page = _read_json(folder / "manifest.json")
    try:
        cases = tuple(
            GoldenCase(str(case["module"]), str(case["case"]), folder / str(case["file"]), dict(case.get("args") or {}))
            for case in page["cases"]
        )
        salt = str(page["salt"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"The manifest of golden folder {folder} is damaged", got=repr(error)) from error
    strays = [case.name for case in cases if not case.path.resolve().is_relative_to(folder.resolve())]
    if strays:
        raise InputError(f"Cases of golden folder {folder} lie outside of it", got=", ".join(strays))
    return GoldenFolder(folder, salt, cases)


def rule_tensor(key: str, shape: Sequence[int], salt: str) -> NDArray[Any]:
    """The weight under a name, from nothing but its name, its shape and the salt; the first rule that fits holds.

    All arithmetic is in float32, so that the bytes are the same everywhere.
    """
    leaf = key.rpartition(".")[2]
    if leaf == "num_batches_tracked":
        return np.zeros(shape, dtype=np.int64)
    noise = np.random.Generator(np.random.PCG64(zlib.crc32((salt + key).encode())))
    normal = noise.standard_normal(tuple(shape)).astype(np.float32)
    if leaf in _POSITIVE_LEAVES:
        return np.float32(_POSITIVE_LEAVES[leaf]) + np.float32(0.2) * np.abs(normal)
    offset, spread = _offset_and_spread(key, leaf, shape)
    scaled = np.float32(spread) * normal
    return np.float32(offset) + scaled if offset else scaled


def _offset_and_spread(key: str, leaf: str, shape: Sequence[int]) -> tuple[float, float]:
    if leaf == "weight_v":
        return 0.0, 1.0
    if leaf in _SMALL_LEAVES:
        return 0.0, 0.1
    if leaf in _OFFSETS_AND_SPREADS:
        return _OFFSETS_AND_SPREADS[leaf]
    if leaf.endswith("bias"):
        return 0.0, 0.05
    if len(shape) == 1:
        return 0.6, 0.15
    if leaf.startswith("emb_rel_"):
        return 0.0, 1 / math.sqrt(shape[-1])
    gain = _QUIET_GAIN if key.endswith(".post.weight") else _PITCH_GAIN if key == "pp.conv_post.weight" else _GAIN
    return 0.0, gain / math.sqrt(math.prod(shape[1:]))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            "A golden folder's page cannot be read", wanted="a folder of golden cases", got=f"{path}: {error}"
        ) from error
