"""Collect all setup errors of a job, so that a user can fix them in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hierbatch.errors import InputError, SetupError

Result = TypeVar("Result")


class ErrorCollector:
    """Collects the setup errors of several validation steps. A step that failed yields None to the steps after it."""

    def __init__(self) -> None:
        self._errors: list[SetupError] = []

    def attempt(self, step: Callable[[], Result]) -> Result | None:
        """Run a step and return its result, or None if it raised a SetupError, which is collected."""
        try:
            return step()
        except SetupError as error:
            self._errors.append(error)
            return None

    def raise_any(self) -> None:
        """Raise the collected errors: a single one as it is, several joined into one.

        Raises:
            SetupError: at least one step failed.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise InputError(f"{len(self._errors)} errors in the setup", got=" ".join(map(str, self._errors)))
