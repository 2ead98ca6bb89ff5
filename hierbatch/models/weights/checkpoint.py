"""Loading of third-party checkpoints: weight norm is folded, tensors are renamed, and every tensor must fit.

Files are untrusted: PyTorch files are read only with `weights_only=True`, which runs no code. One error lists all
tensors that do not fit.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from hierbatch.errors import BundleError

_CONTAINER_KEYS = ("model", "generator")
_GAIN, _DIRECTION = ".weight_g", ".weight_v"
_CONSTANT_TOLERANCE = 1e-6
_BLOCKED_GLOBAL = re.compile(r"GLOBAL (\S+) was not an allowed global")
UNREADABLE_ERRORS = (
    OSError, pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError,
    ValueError, LookupError, TypeError, AttributeError,
)  # fmt: skip
"""Errors that a missing or damaged checkpoint file causes."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights of a checkpoint file under their original names, with the path and hash of the file."""

    source: str
    sha256: str
    weights: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Rename:
    """Renaming of a tensor; `pattern` must match its whole name in the file, `target` may refer to groups."""

    pattern: str
    target: str


@dataclass(frozen=True, slots=True)
class Constant:
    """Tensor in the file that the target model computes itself: checked against `value`, but not loaded."""

    pattern: str
    value: Tensor


@dataclass(frozen=True, slots=True)
class Unused:
    """Tensor in the file that the target model does not use."""

    pattern: str


NameTable = Sequence[Rename | Constant | Unused]
"""Entries for the tensors of a file; the first entry whose pattern matches the whole name applies."""


def with_prefix(pattern: str, target: str, table: NameTable) -> NameTable:
    """Add prefixes to a submodule's name table: `pattern` to names in the file, `target` to names in the target model.

    `target` may refer to groups of `pattern`; the group numbers in `table` are increased accordingly.

    Args:
        pattern: regular expression of the prefix in the file, without the dot.
        target: prefix in the target model, without the dot.
        table: name table of the submodule.
    """
    n_groups = re.compile(pattern).groups
    return tuple(_prefixed(entry, pattern, target, n_groups) for entry in table)


def _prefixed(
    entry: Rename | Constant | Unused, pattern: str, target: str, n_groups: int
) -> Rename | Constant | Unused:
    foreign = rf"{pattern}\.{entry.pattern}"
    if isinstance(entry, Unused):
        return Unused(foreign)
    if isinstance(entry, Constant):
        return Constant(foreign, entry.value)
    return Rename(foreign, f"{target}.{_shift_groups(entry.target, n_groups)}")


def _shift_groups(target: str, by: int) -> str:
    return re.sub(r"\\(\d+)", lambda group: rf"\{int(group[1]) + by}", target)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a `.safetensors` file or a PyTorch file: a bare state dict, `{"model": ...}` or `{"generator": ...}`.

    Raises:
        BundleError: the file is missing or damaged, holds anything but tensors, or can be opened only by running code.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            content = _read_content(file, path.suffix.lower())
    except UNREADABLE_ERRORS as error:
        raise BundleError(
            f"The checkpoint {path} cannot be opened",
            expected="a .safetensors file, or a PyTorch file of tensors that opens without running code",
            got=_why_unreadable(error),
            fix="download the file again",
        ) from error
    return Checkpoint(str(path), sha256, _state_dict(content, path))


def load_weights(module: nn.Module, checkpoint: Checkpoint, table: NameTable) -> None:
    """Fold weight norm, rename tensors by `table`, and load them into `module`; unless all fit, none is loaded.

    Args:
        module: network to fill.
        checkpoint: weights under their original names.
        table: name table of the network.

    Raises:
        BundleError: tensors are missing, unexpected, duplicate, of the wrong shape or not finite, differ from a
            constant, or cannot be folded; the message lists all problems.
    """
    problems: list[str] = []
    weights = _renamed(_folded(checkpoint.weights, problems), table, problems)
    problems += _find_mismatches(module.state_dict(), weights)
    if problems:
        raise BundleError(
            f"The weights in {checkpoint.source} do not fit {type(module).__name__}",
            got="; ".join(problems),
            fix="choose a checkpoint of this model",
        )
    module.load_state_dict(weights)


def _read_content(file: BinaryIO, suffix: str) -> Any:
    if suffix == ".safetensors":
        return safetensors.torch.load(file.read())
    with warnings.catch_warnings():
        # torch warns about pickle protocols that it does not know, and asks for a bug report.
        warnings.simplefilter("ignore")
        return torch.load(file, map_location="cpu", weights_only=True)


def _why_unreadable(error: Exception) -> str:
    """Reason that a file cannot be opened, without torch's advice to open it in a way that runs its code."""
    if blocked := _BLOCKED_GLOBAL.search(str(error)):
        return f"a file that runs {blocked[1]} when it is opened"
    if isinstance(error, (OSError, SafetensorError, RuntimeError)):
        return str(error).partition("\n")[0]
    return "bytes that are not a checkpoint, or an incomplete one"


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    for key in _CONTAINER_KEYS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content:
        raise _not_a_state_dict(path, f"a {type(content).__name__}" if content else "nothing")
    others = [str(name) for name, value in content.items() if not (isinstance(name, str) and isinstance(value, Tensor))]
    if others:
        raise _not_a_state_dict(path, f"values that are not tensors under {', '.join(others)}")
    return dict(content)


def _not_a_state_dict(path: Path, got: str) -> BundleError:
    return BundleError(
        f"The checkpoint {path} has no weights in a known layout",
        expected="names and tensors, at the top level or under 'model' or 'generator'",
        got=got,
    )


def _folded(weights: Mapping[str, Tensor], problems: list[str]) -> dict[str, Tensor]:
    """Replace each gain g and direction v with the weight g * v / |v|; the norm is over all axes but the gain's.

    Weight normalization: Salimans and Kingma 2016, section 2.
    """
    folded: dict[str, Tensor] = {}
    for name, value in weights.items():
        if name.endswith(_GAIN):
            if name.removesuffix(_GAIN) + _DIRECTION not in weights:
                problems.append(f"{name} without its {_DIRECTION[1:]}")
        elif name.endswith(_DIRECTION):
            layer = name.removesuffix(_DIRECTION)
            gain = weights.get(layer + _GAIN)
            if gain is None:
                problems.append(f"{name} without its {_GAIN[1:]}")
            elif f"{layer}.weight" in weights:
                problems.append(f"{layer}.weight in addition to its gain and direction")
            elif not _fits_direction(gain, value):
                problems.append(f"{layer}{_GAIN} {list(gain.shape)} does not fit its direction {list(value.shape)}")
            else:
                axes = tuple(axis for axis, size in enumerate(gain.shape) if size == 1)
                norm = torch.linalg.vector_norm(value.double(), dim=axes, keepdim=True)
                folded[f"{layer}.weight"] = (gain.double() * value.double() / norm).to(value.dtype)
        else:
            folded[name] = value
    return folded


def _fits_direction(gain: Tensor, direction: Tensor) -> bool:
    """Check that the gain has one value per index of one axis (usually the first) and size 1 along the others."""
    if gain.ndim != direction.ndim or gain.ndim < 2:
        return False
    pairs = list(zip(gain.shape, direction.shape, strict=True))
    return all(size in (1, whole) for size, whole in pairs) and sum(size == 1 for size, _ in pairs) >= gain.ndim - 1


def _renamed(weights: Mapping[str, Tensor], table: NameTable, problems: list[str]) -> dict[str, Tensor]:
    renamed: dict[str, Tensor] = {}
    for name, value in weights.items():
        match = next(((entry, found) for entry in table if (found := re.fullmatch(entry.pattern, name))), None)
        if match is None:
            problems.append(f"unexpected {name} {list(value.shape)}")
        elif isinstance(match[0], Unused):
            continue
        elif isinstance(match[0], Constant):
            if not _is_same(value, match[0].value):
                problems.append(f"{name} differs from the constant that this model computes")
        elif (target := match[1].expand(match[0].target)) in renamed:
            problems.append(f"{name} is a second {target}")
        else:
            renamed[target] = value
    return renamed


def _is_same(found: Tensor, wanted: Tensor) -> bool:
    return found.shape == wanted.shape and torch.allclose(
        found.double(), wanted.double(), rtol=0, atol=_CONSTANT_TOLERANCE
    )


def _find_mismatches(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    mismatches = [f"missing {name} {list(value.shape)}" for name, value in wanted.items() if name not in found]
    for name, value in found.items():
        if name not in wanted:
            mismatches.append(f"unexpected {name} {list(value.shape)}")
        elif value.shape != wanted[name].shape:
            mismatches.append(f"misshapen {name} {list(value.shape)}, expected {list(wanted[name].shape)}")
        elif not bool(torch.isfinite(value).all()):
            mismatches.append(f"not finite {name}")
    return mismatches
