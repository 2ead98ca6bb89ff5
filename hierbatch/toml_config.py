"""Configuration dataclasses in TOML, with one table per nested dataclass.

A file may omit keys that have defaults. An unknown key is an error that names it.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from hierbatch.errors import InputError

Config = TypeVar("Config")


def read_config(kind: type[Config], path: Path) -> Config:
    """Read a configuration.

    Args:
        kind: dataclass of the configuration.
        path: TOML file.

    Raises:
        InputError: the file cannot be read, a key is unknown or missing, or a value has the wrong type.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read", expected="TOML", got=str(error)) from error
    return make_config(kind, values, path.name)


def make_config(kind: type[Config], values: Mapping[str, Any], source: str, base: Config | None = None) -> Config:
    """Create a configuration from nested values; raises InputError as `read_config` does.

    Args:
        kind: dataclass.
        values: values by field name; nested dataclasses as mappings.
        source: name of the file or table, for messages.
        base: configuration that provides values for missing keys; None for the defaults of the dataclass.
    """
    hints = get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind) if field.init]  # type: ignore[arg-type]
    if unknown := sorted(set(values) - set(names)):
        raise InputError(
            f"{source} has unknown keys",
            expected=", ".join(names),
            got=", ".join(unknown),
            fix="correct or delete them",
        )
    defaults = {} if base is None else {name: getattr(base, name) for name in names}
    made = {
        field.name: _converted(hints[field.name], values[field.name], f"{source}: {field.name}", _default(field, base))
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.name in values
    }
    try:
        return kind(**(defaults | made))
    except TypeError as error:
        raise InputError(f"{source} is incomplete", got=str(error)) from error


def to_toml(config: Any) -> str:
    """Format a configuration as TOML with all values, from which `read_config` makes an equal configuration.

    TOML has no value for None. A field that is None is left out, so None has to be its default.

    Raises:
        ValueError: a field is None, but its default is not.
    """
    return "".join(_table_lines(config, ""))


def _default(field: dataclasses.Field[Any], base: Any) -> Any:
    """Value of a field in `base`; without `base`, the value of the field's default factory, or None."""
    if base is not None:
        return getattr(base, field.name)
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else None


def _converted(hint: Any, value: Any, source: str, default: Any = None) -> Any:
    if get_origin(hint) in (Union, UnionType):
        hint = next(choice for choice in get_args(hint) if choice is not type(None))
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return make_config(hint, value, source, default)  # type: ignore[arg-type]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple and isinstance(value, list):
        inner = arguments[0]
        return tuple(_converted(inner, element, source) for element in value)
    if getattr(origin, "__name__", "") == "Mapping" and isinstance(value, Mapping):
        return dict(value)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise InputError(
        f"{source} has the wrong type",
        expected=getattr(hint, "__name__", str(hint)),
        got=f"{value!r}",
        fix="correct it",
    )


def _table_lines(table: Any, name: str) -> list[str]:
    values = _table_values(table)
    tables = {key: value for key, value in values.items() if _is_table(value)}
    lines = [f"\n[{name}]\n"] if name else []
    lines += [f"{_toml_key(key)} = {_toml_value(value)}\n" for key, value in values.items() if key not in tables]
    for key, value in tables.items():
        lines += _table_lines(value, f"{name}.{_toml_key(key)}" if name else _toml_key(key))
    return lines


def _table_values(table: Any) -> dict[str, Any]:
    """Values of a dataclass or mapping that are not None."""
    if isinstance(table, Mapping):
        values, optional = dict(table), set()
    else:
        values = {field.name: getattr(table, field.name) for field in dataclasses.fields(table)}
        optional = {field.name for field in dataclasses.fields(table) if field.default is None}
    if lost := [key for key, value in values.items() if value is None and key not in optional]:
        raise ValueError(f"TOML cannot record None, which is not the default of {', '.join(lost)}")
    return {key: value for key, value in values.items() if value is not None}


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or dataclasses.is_dataclass(value)


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml_value(key)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON strings are TOML strings, except that TOML does not allow the character DELETE.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml_value, value))}]"
    return repr(value)
