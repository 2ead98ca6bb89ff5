"""Options for reading data sets: layout, language and speaker. Imports no heavy package."""

from __future__ import annotations

from dataclasses import dataclass

AUTOMATIC = "auto"
LAYOUT_NAMES = ("kaldi", "common-voice", "ljspeech", "nikl", "librispeech", "libritts", "manifest", "folder")
"""Layouts in the order of their detection (`hierbatch.datasets.readers.LAYOUTS`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOptions:
    """Layout of the data sets, and optionally a language and a speaker for all rows, instead of those of the data."""

    layout: str = AUTOMATIC
    """One of `LAYOUT_NAMES`, or `auto` to detect the layout of each path."""
    language: str | None = None
    """Language code of all rows; None keeps those of the data set."""
    speaker: str | None = None
    """Speaker of all rows; None keeps those of the data set."""
