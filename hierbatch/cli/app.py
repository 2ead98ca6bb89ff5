"""The command line: one file a command, each a plain function registered here.

Commands import what they need inside the function, so that `hierbatch --help` and commands that need no model
start in well under two seconds.
"""

from __future__ import annotations

import os
import sys

import typer

from hierbatch.errors import HierbatchError, StorageError

EXIT_OK, EXIT_BAD_INPUT, EXIT_FAILED_ROWS, EXIT_STOPPED, EXIT_INTERRUPTED = 0, 2, 3, 75, 130

app = typer.Typer(
    name="hierbatch",
    help="Batch speech with HierSpeech2: books, manifests and recordings in; sound and its measures out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run one command; a user's mistake ends in one paragraph and an exit code, never in a traceback."""
    try:
        app()
    except StorageError as error:
        _fail(error, EXIT_STOPPED)
    except HierbatchError as error:
        _fail(error, EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        print("Interrupted. Finished work is kept; run the same command to go on.", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


def _fail(error: HierbatchError, code: int) -> None:
    if os.environ.get("HIERBATCH_TRACEBACK"):
        raise error
    print(f"hierbatch: {error}", file=sys.stderr)
    sys.exit(code)
