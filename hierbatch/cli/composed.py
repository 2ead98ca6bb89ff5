"""Commands from functions that take option groups: each group's options are declared once, in its dataclass."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import typer

from hierbatch.object_path import local_path
from hierbatch.option import Option, declared_option, flatten_options, group_parameters, option_groups


def command(function: Callable[..., None]) -> Callable[..., None]:
    """A Typer command with every option of the function's groups, under the groups' headings."""
    titles = {
        parameter.name: group.TITLE
        for group in option_groups(function).values()
        for parameter in group_parameters(group)
    }
    flat = flatten_options(function)
    signature = inspect.signature(flat)
    flat.__signature__ = signature.replace(  # type: ignore[attr-defined]  # typer reads it
        parameters=[_typer_parameter(parameter, titles) for parameter in signature.parameters.values()],
        return_annotation=None,
    )
    flat.__annotations__ = {name: p.annotation for name, p in inspect.signature(flat).parameters.items()}
    return flat


def _typer_parameter(parameter: inspect.Parameter, titles: dict[str, str]) -> inspect.Parameter:
    option = declared_option(parameter.annotation)
    if option is None:
        return parameter
    kind = get_args(parameter.annotation)[0]
    flags = option.flags or (f"--{parameter.name.replace('_', '-')}",)
    declared = typer.Option(
        *(flags if kind is not bool or option.flags else flags[:1]),
        help=option.help,
        min=option.minimum,
        max=option.maximum,
        metavar=option.metavar,
        hidden=option.hidden,
        parser=local_path if _is_path(kind) else None,
        rich_help_panel=titles.get(parameter.name),
        show_default=parameter.default not in (None, "", False, inspect.Parameter.empty),
    )
    return parameter.replace(annotation=Annotated[kind, declared])


def _is_path(kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        return Path in get_args(kind)
    return kind is Path


__all__ = ["Option", "command"]
