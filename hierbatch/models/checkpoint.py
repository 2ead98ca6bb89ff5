"""The one door for weights that came from outside: opened without running code, renamed, folded, loaded strictly.

A file is untrusted. PyTorch files are read with `weights_only=True` and in no other way; everything a file has too
much, too little or in another shape is told in one error.
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
_CALLED = re.compile(r"GLOBAL (\S+) was not an allowed global")
_UNREADABLE = (
    OSError, pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError,
    ValueError, LookupError, TypeError, AttributeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The weights in a file under the names the file gives them, and what file it was."""

    source: str
    sha256: str
    weights: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Rename:
    """A foreign name and ours; `pattern` must match the whole name, `ours` may use its groups."""

    pattern: str
    ours: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A foreign tensor that our model computes for itself: checked against `value`, then left out."""

    pattern: str
    value: Tensor


@dataclass(frozen=True, slots=True)
class Unused:
    """A foreign tensor that our model has no part for."""

    pattern: str


NameTable = Sequence[Rename | Constant | Unused]
"""Tried in order; the first pattern that matches the whole name decides."""


def under(pattern: str, ours: str, table: NameTable) -> NameTable:
    """The names of a part that stands at `pattern` in the foreign model and at `ours` in ours.

    `pattern` may have groups and `ours` use them; the groups of `table` are numbered on behind them.
    """
    n_groups = re.compile(pattern).groups
    return tuple(_moved(entry, pattern, ours, n_groups) for entry in table)


def _moved(entry: Rename | Constant | Unused, pattern: str, ours: str, n_groups: int) -> Rename | Constant | Unused:
    there = rf"{pattern}\.{entry.pattern}"
    if isinstance(entry, Unused):
        return Unused(there)
    if isinstance(entry, Constant):
        return Constant(there, entry.value)
    return Rename(there, f"{ours}.{_renumbered(entry.ours, n_groups)}")


def _renumbered(ours: str, by: int) -> str:
    return re.sub(r"\\(\d+)", lambda group: rf"\{int(group[1]) + by}", ours)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a `.safetensors` file or a PyTorch file: a bare state dict, `{"model": ...}` or `{"generator": ...}`.

    Raises:
        BundleError: the file is missing, damaged, holds anything but tensors, or would have to run code to open.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            content = _read_content(file, path.suffix)
    except _UNREADABLE as error:
        raise BundleError(
            f"The checkpoint {path} cannot be opened",
            wanted="a .safetensors file, or a PyTorch file of tensors that opens without running code",
            got=_why_unreadable(error),
            mend="fetch the file again from where it was published",
        ) from error
    return Checkpoint(str(path), sha256, _state_dict(content, path))


def load_weights(module: nn.Module, checkpoint: Checkpoint, table: NameTable) -> None:
    """Fold weight norm, rename by `table`, and load into `module`; nothing is loaded unless all of it fits.

    Raises:
        BundleError: with every missing, unexpected, misshapen or non-finite tensor.
    """
    problems: list[str] = []
    weights = _renamed(_folded(checkpoint.weights, problems), table, problems)
    problems += _misfits(module.state_dict(), weights)
    if problems:
        raise BundleError(
            f"The weights in {checkpoint.source} are not those of {type(module).__name__}",
            got="; ".join(problems),
            mend="name a checkpoint of this model",
        )
    module.load_state_dict(weights)


def _read_content(file: BinaryIO, suffix: str) -> Any:
    if suffix == ".safetensors":
        return safetensors.torch.load(file.read())
    with warnings.catch_warnings():
        # torch asks to be told of pickle protocols that it does not know.
        warnings.simplefilter("ignore")
        return torch.load(file, map_location="cpu", weights_only=True)


def _why_unreadable(error: Exception) -> str:
    """In our words: torch's own advise to open the file in a way that runs its code."""
    if called := _CALLED.search(str(error)):
        return f"a file that runs {called[1]} when it is opened"
    if isinstance(error, (OSError, SafetensorError, RuntimeError)):
        return str(error).partition("\n")[0]
    return "bytes that are no checkpoint, or half of one"


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    for key in _CONTAINER_KEYS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content:
        raise _not_a_state_dict(path, f"a {type(content).__name__}" if content else "nothing")
    others = [str(name) for name, value in content.items() if not (isinstance(name, str) and isinstance(value, Tensor))]
    if others:
        raise _not_a_state_dict(path, f"other things under {', '.join(others)}")
    return dict(content)


def _not_a_state_dict(path: Path, got: str) -> BundleError:
    return BundleError(
        f"The checkpoint {path} holds no weights in a layout that is known",
        wanted="names and tensors, bare or under 'model' or 'generator'",
        got=got,
    )


def _folded(weights: Mapping[str, Tensor], problems: list[str]) -> dict[str, Tensor]:
    """Replace each gain and direction by the weight they stand for: g * v / |v|, the norm over all axes but the gain's.

    Weight normalization: Salimans and Kingma 2016, section 2.
    """
    folded: dict[str, Tensor] = {}
    for name, value in weights.items():
        if name.endswith(_GAIN):
            if name.removesuffix(_GAIN) + _DIRECTION not in weights:
                problems.append(f"{name} stands without its {_DIRECTION[1:]}")
        elif name.endswith(_DIRECTION):
            layer = name.removesuffix(_DIRECTION)
            gain = weights.get(layer + _GAIN)
            if gain is None:
                problems.append(f"{name} stands without its {_GAIN[1:]}")
            elif f"{layer}.weight" in weights:
                problems.append(f"{layer}.weight stands beside its gain and direction")
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
    """One gain for each place along one axis, as a rule the first; along the others one for all."""
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
                problems.append(f"{name} is not the constant this model is built on")
        elif (ours := match[1].expand(match[0].ours)) in renamed:
            problems.append(f"{name} is a second {ours}")
        else:
            renamed[ours] = value
    return renamed


def _is_same(found: Tensor, wanted: Tensor) -> bool:
    return found.shape == wanted.shape and torch.allclose(
        found.double(), wanted.double(), rtol=0, atol=_CONSTANT_TOLERANCE
    )


def _misfits(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    misfits = [f"missing {name} {list(value.shape)}" for name, value in wanted.items() if name not in found]
    for name, value in found.items():
        if name not in wanted:
            misfits.append(f"unexpected {name} {list(value.shape)}")
        elif value.shape != wanted[name].shape:
            misfits.append(f"misshapen {name} {list(value.shape)}, wanted {list(wanted[name].shape)}")
        elif not bool(torch.isfinite(value).all()):
            misfits.append(f"not finite {name}")
    return misfits
