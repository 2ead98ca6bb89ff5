"""Parsers for the format and profile options of audiobooks."""

from __future__ import annotations


def read_formats(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a list such as `m4b,mp3,srt` into audio formats and subtitle formats."""
    from hierbatch.delivery.subtitles import WRITERS

    names = _names(text)
    formats = tuple(name for name in names if name not in WRITERS)
    return formats, tuple(name for name in names if name in WRITERS)


def read_profiles(text: str) -> tuple[str, dict[str, str]]:
    """Parse `acx` or `m4b=podcast,mp3=acx` into the default profile and the profiles of single formats."""
    default, by_format = "podcast", {}
    for entry in _names(text):
        name, is_pair, profile = entry.partition("=")
        if is_pair:
            by_format[name] = profile
        else:
            default = name
    return default, by_format


def _names(text: str) -> list[str]:
    return [name for entry in text.split(",") if (name := entry.strip().lower())]
