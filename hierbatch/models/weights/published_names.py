"""Export of weights under their published names, by the inverse of the name tables for importing checkpoints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from hierbatch.models.weights.checkpoint import Constant, NameTable, Rename
from hierbatch.models.weights.weight_norm import DIRECTION, GAIN, split_weight

_TOKEN = re.compile(r"\\\.|\\d\+|\(\\d\+\)|\(\.\+\)|\(\?:(?P<choices>[^()]+)\)|\\(?P<group>\d)|.")
_GROUPS = (r"(\d+)", "(.+)")


@dataclass(frozen=True, slots=True)
class _Inverse:
    """Renaming of a weight from its name in this package to its published name."""

    own: re.Pattern[str]
    template: str
    """Published name, with `{1}` in place of the first group of `own`."""


def publish_weights(weights: Mapping[str, Tensor], table: NameTable, normalized: Sequence[str]) -> dict[str, Tensor]:
    """Rename a state dict to published names; the weights of `normalized` layers are split into gain and direction.

    Args:
        weights: state dict of the network, with its weight norm folded or not.
        table: name table of the network.
        normalized: patterns of the names of layers that have weight norm in the published network.

    Raises:
        KeyError: a tensor has no published name.
    """
    inverses = [_invert(entry) for entry in table if isinstance(entry, Rename)]
    by_name: dict[str, Tensor] = {}
    for name, value in _published_tensors(weights, normalized):
        by_name[_published_name(name, inverses)] = value
    for entry in table:
        if isinstance(entry, Constant):
            by_name |= {name: entry.value.clone() for name in _constant_names(entry.pattern, by_name)}
    return by_name


def _published_tensors(weights: Mapping[str, Tensor], normalized: Sequence[str]) -> Iterator[tuple[str, Tensor]]:
    """Yield tensors by name; the weights of layers with weight norm as `weight_g` and `weight_v`."""
    for name, value in weights.items():
        layer, _, leaf = name.rpartition(".")
        if name.endswith(GAIN):
            yield f"{name.removesuffix(GAIN)}weight_g", value
        elif name.endswith(DIRECTION):
            yield f"{name.removesuffix(DIRECTION)}weight_v", value
        elif leaf == "weight" and any(re.fullmatch(pattern, layer) for pattern in normalized):
            gain, along = split_weight(value)
            yield f"{layer}.weight_g", gain
            yield f"{layer}.weight_v", along
        else:
            yield name, value


def _published_name(name: str, inverses: Sequence[_Inverse]) -> str:
    for inverse in inverses:
        if found := inverse.own.fullmatch(name):
            return inverse.template.format("", *found.groups())
    raise KeyError(name)


def _invert(entry: Rename) -> _Inverse:
    """Exchange pattern and target of a renaming."""
    groups = [token for token in _tokens(entry.pattern) if token in _GROUPS]
    own = "".join(
        groups[int(token[1]) - 1] if _is_reference(token) else re.escape(token) for token in _tokens(entry.target)
    )
    order = [int(token[1]) for token in _tokens(entry.target) if _is_reference(token)]
    template, n_seen = "", 0
    for token in _tokens(entry.pattern):
        if token in _GROUPS:
            n_seen += 1
            template += f"{{{order.index(n_seen) + 1}}}"
        else:
            template += _literal(token)
    return _Inverse(re.compile(own), template)


def _constant_names(pattern: str, names: Iterable[str]) -> list[str]:
    """Published names of a constant: prefixes of `names` that match `pattern` up to its last group, plus its rest."""
    tokens = _tokens(pattern)
    last = max((i for i, token in enumerate(tokens) if token in _GROUPS), default=-1)
    prefix = re.compile("".join(tokens[: last + 1]))
    prefixes = {found.group() for name in names if (found := prefix.match(name))}
    endings = [""]
    for token in tokens[last + 1 :]:
        choices = token[3:-1].split("|") if token.startswith("(?:") else [token]
        endings = [ending + "".join(map(_literal, _tokens(choice))) for ending in endings for choice in choices]
    return [start + ending for start in sorted(prefixes) for ending in endings]


def _tokens(pattern: str) -> list[str]:
    return [found.group() for found in _TOKEN.finditer(pattern)]


def _literal(token: str) -> str:
    return "." if token == r"\." else token


def _is_reference(token: str) -> bool:
    return len(token) == 2 and token[0] == "\\" and token[1].isdigit()
