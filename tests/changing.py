"""Jobs and specifications with other options, wherever in them an option is declared."""

import dataclasses


def change(value, **options):
    """A copy of a dataclass with some fields replaced, its own or those of the dataclasses in it."""
    changes = {}
    for name, new in options.items():
        changes |= _changes(value, name, new, changes)
    return dataclasses.replace(value, **changes)


def _changes(value, name, new, before):
    fields = [field.name for field in dataclasses.fields(value) if field.init]
    if name in fields and not _is_group_of_itself(getattr(value, name), name, new):
        return {name: new}
    for field in fields:
        inner = before.get(field, getattr(value, field))
        if dataclasses.is_dataclass(inner) and _declares(inner, name):
            return {field: change(inner, **{name: new})}
    raise TypeError(f"{type(value).__name__} has no option {name}")


def _is_group_of_itself(inner, name, new):
    """True where `model="x"` means the option in the group that is called `model` too."""
    return dataclasses.is_dataclass(inner) and _declares(inner, name) and not isinstance(new, type(inner))


def _declares(value, name):
    return any(
        field.init and (field.name == name or _is_declaring(getattr(value, field.name), name))
        for field in dataclasses.fields(value)
    )


def _is_declaring(inner, name):
    return dataclasses.is_dataclass(inner) and not isinstance(inner, type) and _declares(inner, name)
