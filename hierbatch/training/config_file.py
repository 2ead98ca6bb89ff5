"""Training configurations that ship with the package, by name."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from hierbatch.errors import InputError


def shipped_configs() -> dict[str, Path]:
    """Find the configuration files that ship with the package, by name."""
    folder = Path(str(resources.files("hierbatch.training"))) / "configs"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def find_config(name: str) -> Path:
    """Find a configuration file by its path, or by the name of one that ships with the package.

    Raises:
        InputError: there is no such file.
    """
    shipped = shipped_configs()
    path = shipped.get(name, Path(name))
    if not path.is_file():
        raise InputError(
            "There is no such training configuration",
            expected=f"a TOML file, or one of {', '.join(shipped)}",
            got=name,
            fix="correct --config",
        )
    return path
