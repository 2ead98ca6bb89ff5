"""Names of the layouts of data sets, and the values that replace those of the data; imports no library."""

from __future__ import annotations

from dataclasses import dataclass

AUTOMATIC = "auto"
LAYOUT_NAMES = ("kaldi", "common-voice", "ljspeech", "nikl", "librispeech", "libritts", "manifest", "folder")
"""Layouts in the order of their detection (`hierbatch.datasets.readers.LAYOUTS`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOptions:
    """Layout of data sets and values that replace theirs."""

    layout: str = AUTOMATIC
    """One of `LAYOUT_NAMES`, or `auto` to detect the layout of each path."""
    language: str | None = None
    """Language code of all rows."""
    speaker: str | None = None
    """Speaker of all rows."""
