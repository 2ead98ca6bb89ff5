"""Objects that other packages add by entry points; a worker finds those that are installed on its machine."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from hierbatch.errors import ProgramError

Added = TypeVar("Added")


def plugin_names(group: str) -> tuple[str, ...]:
    """Names of all entry points of a group; nothing is imported."""
    return tuple(dict.fromkeys(point.name for point in entry_points(group=group)))


def load_plugin(group: str, name: str, kind: type[Added], *, key: str = "name") -> Added | None:
    """Import and return the object of an entry point; return None if there is no such entry point.

    Args:
        group: group of entry points.
        name: name of the entry point, and of the object.
        kind: class of the object.
        key: attribute of the object that equals the name of the entry point.

    Raises:
        ProgramError: the object cannot be imported, is not a `kind`, or has another name.
    """
    points = tuple(entry_points(group=group, name=name))
    return _load(points[0], kind, key) if points else None


def _load(point: EntryPoint, kind: type[Added], key: str) -> Added:
    try:
        found: Added = point.load()
        is_valid = isinstance(found, kind) and getattr(found, key, None) == point.name
        problem = "" if is_valid else repr(found)
    except Exception as error:  # noqa: BLE001 - code of another package
        problem = f"{type(error).__name__}: {error}"
    if problem:
        package = point.dist.name if point.dist else point.value
        raise ProgramError(
            f"{point.group} {point.name} of the package {package} cannot be loaded",
            expected=f"a {kind.__module__}.{kind.__name__} with the {key} {point.name!r}",
            got=problem,
            fix=f"update or uninstall {package}",
        )
    return found
