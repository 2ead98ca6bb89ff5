"""Everything that is wrong with an order at once, so that a user mends it in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hierbatch.errors import InputError, SetupError

Found = TypeVar("Found")


class Problems:
    """Gathers what the parts of an order raise; a part that failed is None to those that come after it."""

    def __init__(self) -> None:
        self._errors: list[SetupError] = []

    def attempt(self, step: Callable[[], Found]) -> Found | None:
        """What a step gives, or None where it raised a SetupError."""
        try:
            return step()
        except SetupError as error:
            self._errors.append(error)
            return None

    def raise_any(self) -> None:
        """One error for all of them, or the only one as it is.

        Raises:
            SetupError: something was wrong.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise InputError(f"{len(self._errors)} things are wrong", got=" ".join(map(str, self._errors)))
