"""Errors of the product as one paragraph and an exit code, for the commands in this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hierbatch.errors import HierbatchError

BAD_INPUT = 2


@contextmanager
def exit_on_errors() -> Iterator[None]:
    """Print an error of the product and exit with `BAD_INPUT`."""
    try:
        yield
    except HierbatchError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_INPUT)
