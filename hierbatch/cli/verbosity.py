"""Options of the program itself, before the name of a command: `hierbatch --quiet run ...`."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Annotated

import click
import typer


class LogLevel(StrEnum):
    """Least severe messages of libraries to print."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def set_verbosity(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version and exit.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no notices; results and errors stay.")
    ] = False,
    log_level: Annotated[
        LogLevel, typer.Option(help="Messages of libraries to print: debug, info, warning or error.")
    ] = LogLevel.WARNING,
) -> None:
    """Batch speech with HierSpeech2: audiobooks, corpora, dubbing, upsampling."""
    if version:
        from importlib.metadata import version as installed_version

        print(f"hierbatch {installed_version('hierbatch')}")
        raise typer.Exit
    logging.basicConfig(level=log_level.value.upper(), format="%(levelname)s %(name)s: %(message)s")
    context.obj = quiet


def is_quiet() -> bool:
    """True if the program was started with `--quiet`."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().obj)
