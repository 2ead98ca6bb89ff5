"""Edits of a manifest row: values that are used instead of those in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from hierbatch.errors import InputError

_RANGES = {"speed": (0.5, 2.0), "pause_after_s": (0.0, 60.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEdit:
    """Values used instead of those of a manifest row; None keeps the value of the manifest."""

    text: str | None = None
    phonemes: str | None = None
    """Phonemes to synthesize; subtitles still show the text."""
    voice: str | None = None
    speed: float | None = None
    pause_after_s: float | None = None
    """Silence after the row in a book, in seconds; a change of this value alone needs no new take."""
    base_text: str | None = None
    """Text of the manifest when the row was edited; if the manifest has another text later, the edit is not applied."""

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and low <= value <= high):
                raise InputError(
                    f"The value of {name} is out of range",
                    expected=f"{low:g} to {high:g}",
                    got=str(value),
                    fix="change it",
                )
        for name in ("text", "phonemes", "voice", "base_text"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise InputError(f"The value of {name} is not a text", got=repr(value), fix="change it")

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Create an edit from a record of a log; unknown names are ignored."""
        return cls(**{field.name: record[field.name] for field in fields(cls) if field.name in record})

    def to_record(self) -> dict[str, Any]:
        """Record for a line of a log, without the values that are None."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def spoken(self) -> dict[str, Any]:
        """Edited values that change the audio, by column."""
        return {name: value for name, value in self.to_record().items() if name not in ("pause_after_s", "base_text")}
