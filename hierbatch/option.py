"""Options declared once: groups of dataclass fields that become parameters of the Python API and of the command line.

    @dataclass(frozen=True, kw_only=True)
    class ModelChoice(OptionGroup):
        TITLE: ClassVar[str] = "Model"
        model: Annotated[str, Option("A packaged model's name, or a bundle's folder.")] = "lite"

    @flatten_options
    def speak(text: str, *, model: ModelChoice) -> None: ...

`speak("Hello.", model="lite")` then takes the fields as its own keywords.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

from hierbatch.errors import InputError
from hierbatch.object_path import local_path

Returned = TypeVar("Returned")
_MAX_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Option:
    """Description of one option, attached to its type by `Annotated`."""

    help: str
    flags: tuple[str, ...] = ()
    """Spellings on the command line; by default the field's name with hyphens."""
    minimum: float | None = None
    maximum: float | None = None
    metavar: str | None = None
    hidden: bool = False


class OptionGroup:
    """Base of option groups, which are frozen dataclasses whose fields carry an `Option` each."""

    TITLE: ClassVar[str] = "Options"
    """Heading in `--help` of the options that this class declares."""

    def __post_init__(self) -> None:
        """Convert paths given as text to `Path` objects, and check the limits that each `Option` declares.

        Raises:
            InputError: a value is out of range, or a path is not local.
        """
        for name, hint in _hints(type(self)).items():  # type: ignore[arg-type]  # classes are hashable
            value, option = getattr(self, name), declared_option(hint)
            if option and isinstance(value, str) and is_path(get_args(hint)[0]):
                object.__setattr__(self, name, local_path(value))
            if option and isinstance(value, int | float):
                _check_limits(value, option, name)


def declared_option(hint: Any) -> Option | None:
    """The `Option` of a type hint, or None if the hint has none."""
    if get_origin(hint) is not Annotated:
        return None
    return next((extra for extra in get_args(hint)[1:] if isinstance(extra, Option)), None)


def option_flags(name: str, option: Option) -> tuple[str, ...]:
    """Spellings of an option on the command line."""
    return option.flags or (f"--{name.replace('_', '-')}",)


def option_title(group: type[OptionGroup], name: str) -> str:
    """Heading of an option: that of the class that declares it, which may be a base of the group."""
    bases = (base for base in group.__mro__ if issubclass(base, OptionGroup))
    return next(base.TITLE for base in bases if name in base.__dict__.get("__annotations__", {}))


def is_path(kind: Any) -> bool:
    """Return True for `Path` and `Path | None`."""
    if get_origin(kind) in (Union, UnionType):
        return Path in get_args(kind)
    return kind is Path


def group_parameters(group: type[OptionGroup]) -> list[inspect.Parameter]:
    """Keyword parameters of a group's fields; fields without an `Option` are left out."""
    hints = _hints(group)  # type: ignore[arg-type]  # classes are hashable
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=_default(field), annotation=hints[field.name]
        )
        for field in dataclasses.fields(group)  # type: ignore[arg-type]  # every group is a dataclass
        if declared_option(hints[field.name])
    ]


def option_groups(function: Callable[..., Any]) -> Mapping[str, type[OptionGroup]]:
    """Option groups among the parameters of a function: the class of each by the name of its parameter."""
    hints = get_type_hints(function)
    return {
        name: hint
        for name, hint in hints.items()
        if name != "return" and isinstance(hint, type) and issubclass(hint, OptionGroup)
    }


def flatten_options(function: Callable[..., Returned]) -> Callable[..., Returned]:
    """Replace each option group among a function's parameters with the group's fields, as keywords.

    Raises:
        TypeError: at decoration, two parameters or options have the same name; at the call, an argument is missing.
        InputError: at the call, an option is unknown or has an invalid value.
    """
    groups = option_groups(function)
    fields = {name: [parameter.name for parameter in group_parameters(group)] for name, group in groups.items()}
    signature = _flat_signature(function, groups)
    known = set(signature.parameters)

    @functools.wraps(function)
    def flat(*arguments: Any, **options: Any) -> Returned:
        if unknown := sorted(set(options) - known):
            raise InputError(
                f"{function.__name__} has no such option", expected=", ".join(sorted(known)), got=", ".join(unknown)
            )
        signature.bind(*arguments, **options)  # names a missing option
        grouped = {
            name: group(**{field: options.pop(field) for field in fields[name] if field in options})
            for name, group in groups.items()
        }
        return function(*arguments, **options, **grouped)

    flat.__doc__ = _documented(function, groups.values())
    flat.__signature__ = signature  # type: ignore[attr-defined]  # inspect reads it
    return flat


def _documented(function: Callable[..., Any], groups: Iterable[type[OptionGroup]]) -> str:
    """Docstring of a function, followed by its options."""
    lines = [
        f"    {parameter.name}: {option.help}"
        for group in groups
        for parameter in group_parameters(group)
        if (option := declared_option(parameter.annotation))
    ]
    return "\n".join([inspect.getdoc(function) or "", "", "Options:", *lines])


def _flat_signature(function: Callable[..., Any], groups: Mapping[str, type[OptionGroup]]) -> inspect.Signature:
    hints = get_type_hints(function, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in groups:
            parameters += group_parameters(groups[parameter.name])
        else:
            parameters.append(parameter.replace(annotation=hints.get(parameter.name, Any)))
    names = [parameter.name for parameter in parameters]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TypeError(f"{function.__name__} has these options twice: {', '.join(twice)}")
    return inspect.Signature(sorted(parameters, key=lambda parameter: parameter.kind))


@functools.cache
def _hints(group: type[OptionGroup]) -> Mapping[str, Any]:
    names = {field.name for field in dataclasses.fields(group)}  # type: ignore[arg-type]  # every group is a dataclass
    return {name: hint for name, hint in get_type_hints(group, include_extras=True).items() if name in names}


def _check_limits(value: float, option: Option, name: str) -> None:
    lowest, highest = option.minimum, option.maximum
    is_number = not isinstance(value, float) or math.isfinite(value)
    if not is_number or (lowest is not None and value < lowest) or (highest is not None and value > highest):
        flag = option_flags(name, option)[0]
        limits = [f"at least {lowest:g}"] if lowest is not None else []
        limits += [f"at most {highest:g}"] if highest is not None else []
        raise InputError(
            f"{flag} is out of range", expected=", ".join(limits) or "a finite number", got=str(value)[:_MAX_SHOWN],
            fix=f"correct {flag}",
        )  # fmt: skip


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return inspect.Parameter.empty
