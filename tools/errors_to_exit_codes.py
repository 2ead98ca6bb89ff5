"""Printing of hierbatch's errors as one paragraph, with an exit code, for the commands in this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hierbatch.errors import HierbatchError

BAD_INPUT = 2


@contextmanager
def exit_on_errors() -> Iterator[None]:
    """Context that prints a `HierbatchError` to stderr and exits with `BAD_INPUT`."""
    try:
        yield
    except HierbatchError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_INPUT)
