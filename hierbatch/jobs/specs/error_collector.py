"""Collection of all setup errors of a job, so that the user can fix them together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hierbatch.errors import InputError, SetupError

Result = TypeVar("Result")


class ErrorCollector:
    """Collector of the setup errors of several validation steps; the result of a step that failed is None."""

    def __init__(self) -> None:
        self._errors: list[SetupError] = []

    def attempt(self, step: Callable[[], Result]) -> Result | None:
        """Run a step and return its result; if it raises a SetupError, collect the error and return None."""
        try:
            return step()
        except SetupError as error:
            self._errors.append(error)
            return None

    def raise_any(self) -> None:
        """Raise the collected errors, if there are any; several errors are joined into one.

        Raises:
            SetupError: at least one step failed.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise InputError(f"{len(self._errors)} errors in the setup", got=" ".join(map(str, self._errors)))
