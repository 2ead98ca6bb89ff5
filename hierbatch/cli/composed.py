"""Commands from functions that take option groups: each group's options are declared once, in its dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, get_args

import typer

from hierbatch.object_path import local_path
from hierbatch.option import (
    Option,
    declared_option,
    flatten_options,
    group_parameters,
    is_path,
    option_flags,
    option_groups,
    option_title,
)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Build a Typer command with every option of the function's groups, under the groups' headings."""
    titles = {
        parameter.name: option_title(group, parameter.name)
        for group in option_groups(function).values()
        for parameter in group_parameters(group)
    }
    flat = flatten_options(function)
    flat.__doc__ = function.__doc__  # the help lists the options itself
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
    declared = typer.Option(
        *option_flags(parameter.name, option),  # named, so that a switch gets no `--no-` twin
        help=_help(option),
        metavar=option.metavar,
        hidden=option.hidden,
        parser=local_path if is_path(kind) else None,
        rich_help_panel=titles.get(parameter.name),
        show_default=parameter.default not in (None, "", False, inspect.Parameter.empty),
    )
    return parameter.replace(annotation=Annotated[kind, declared])


def _help(option: Option) -> str:
    """Help text with the option's range, which is not passed to Typer: it would print it in the narrow type column."""
    if option.minimum is None or option.maximum is None:
        return option.help
    return f"{option.help} {option.minimum:g} to {option.maximum:g}."
