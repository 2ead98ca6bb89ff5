"""Golden folders: inputs and outputs of the published networks, and the rule that generates their weights.

DIR/
  manifest.json            salt and list of cases
  MODULE/keys.json         names and shapes of the module's weights, and a hash over all of them
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
from hierbatch.models.weights.checkpoint import Checkpoint

_GAIN = 0.7
_QUIET_GAIN = 0.2
_PITCH_GAIN = 60.0
_CONSTANT_LEAVES = {"filter", "window"}
_SMALL_LEAVES = {"alpha", "beta", "m", "logs"}
_OFFSETS_AND_SCALES = {"gamma": (1.0, 0.1), "running_mean": (0.0, 0.1), "slope": (1.0, 0.2)}
_POSITIVE_LEAVES = {"weight_g": 0.6, "running_var": 0.8}


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """One recorded call of a published module."""

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
            raise InputError(
                f"The golden case {self.path} cannot be read", got=str(error), fix="copy the golden folder again"
            ) from error


@dataclass(frozen=True, slots=True)
class GoldenFolder:
    """Golden cases of a folder, and the salt of their weights."""

    folder: Path
    salt: str
    cases: tuple[GoldenCase, ...]

    def rule_checkpoint(self, module: str, constants: Mapping[str, Callable[[int], Tensor]]) -> Checkpoint:
        """Generate the rule weights of a module, under their published names.

        Args:
            module: name of the folder that holds `keys.json`.
            constants: functions from size to tensor for weights not made by the rule (filters, windows), by the last
                part of the weight's name.

        Raises:
            InputError: the key file is missing or damaged, or the weights do not match its hash.
        """
        page = _read_json(self.folder / module / "keys.json")
        try:
            shapes = [(str(key), [int(size) for size in shape]) for key, shape, *_ in page["keys"]]
            wanted = str(page["sha256_of_key_and_bytes"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{module}/keys.json of golden folder {self.folder} is damaged",
                got=repr(error),
                fix="copy the golden folder again",
            ) from error
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
                f"The weights generated for {module} are not the golden ones",
                expected=f"SHA-256 {wanted}",
                got=digest.hexdigest(),
                fix="copy the golden folder again",
            )
        return Checkpoint(f"the rule weights of {module}", wanted, weights)


def read_golden_folder(folder: Path) -> GoldenFolder:
    """Read a golden folder's `manifest.json`.

    Raises:
        InputError: the manifest is missing or damaged, or a case is outside the folder.
    """
    page = _read_json(folder / "manifest.json")
    try:
        cases = tuple(
            GoldenCase(str(case["module"]), str(case["case"]), folder / str(case["file"]), dict(case.get("args") or {}))
            for case in page["cases"]
        )
        salt = str(page["salt"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"The manifest of golden folder {folder} is damaged", got=repr(error), fix="copy the golden folder again"
        ) from error
    outside = [case.name for case in cases if not case.path.resolve().is_relative_to(folder.resolve())]
    if outside:
        raise InputError(
            f"Cases of golden folder {folder} are outside of it",
            got=", ".join(outside),
            fix="correct `file` of these cases in manifest.json",
        )
    return GoldenFolder(folder, salt, cases)


def rule_tensor(key: str, shape: Sequence[int], salt: str) -> NDArray[Any]:
    """Generate a weight, determined by its name, its shape and a salt; the first matching rule applies.

    All arithmetic is in float32, so the bytes are identical on every machine.

    Args:
        key: published name of the weight.
        shape: shape of the weight.
        salt: prefix of the name when seeding the generator.
    """
    leaf = key.rpartition(".")[2]
    if leaf == "num_batches_tracked":
        return np.zeros(shape, dtype=np.int64)
    noise = np.random.Generator(np.random.PCG64(zlib.crc32((salt + key).encode())))
    normal = noise.standard_normal(tuple(shape)).astype(np.float32)
    if leaf in _POSITIVE_LEAVES:
        return np.float32(_POSITIVE_LEAVES[leaf]) + np.float32(0.2) * np.abs(normal)
    offset, scale = _offset_and_scale(key, leaf, shape)
    scaled = np.float32(scale) * normal
    return np.float32(offset) + scaled if offset else scaled


def _offset_and_scale(key: str, leaf: str, shape: Sequence[int]) -> tuple[float, float]:
    if leaf == "weight_v":
        return 0.0, 1.0
    if leaf in _SMALL_LEAVES:
        return 0.0, 0.1
    if leaf in _OFFSETS_AND_SCALES:
        return _OFFSETS_AND_SCALES[leaf]
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
            "A file of the golden folder cannot be read",
            expected="a folder of golden cases",
            got=f"{path}: {error}",
            fix="check the path of the golden folder",
        ) from error
