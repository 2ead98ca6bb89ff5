"""Options that precede the name of a command: `hierbatch --quiet run ...`."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from enum import StrEnum
from typing import Annotated

import typer

_IS_QUIET: ContextVar[bool] = ContextVar("is_quiet", default=False)


class LogLevel(StrEnum):
    """Lowest severity of library messages to print."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        print(f"hierbatch {version('hierbatch')}")
        raise typer.Exit


def set_verbosity(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only results and errors, no progress or notices.")
    ] = False,
    log_level: Annotated[
        LogLevel, typer.Option(metavar="LEVEL", help="Messages of libraries to print: debug, info, warning or error.")
    ] = LogLevel.WARNING,
) -> None:
    """Batch speech with HierSpeech2: audiobooks, corpora, dubbing, upsampling."""
    logging.basicConfig(level=log_level.value.upper(), format="%(levelname)s %(name)s: %(message)s")
    _IS_QUIET.set(quiet)


def is_quiet() -> bool:
    """True if the program was started with `--quiet`."""
    return _IS_QUIET.get()
