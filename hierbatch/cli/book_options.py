"""How the options of an audiobook's files are written."""

from __future__ import annotations


def read_formats(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sound formats and kinds of subtitles in a list such as `m4b,mp3,srt`."""
    from hierbatch.export.subtitles import WRITERS

    wanted = _names(text)
    formats = tuple(name for name in wanted if name not in WRITERS)
    return formats, tuple(name for name in wanted if name in WRITERS)


def read_profiles(text: str) -> tuple[str, dict[str, str]]:
    """The profile for all formats, and those named for single ones, in `acx` or `m4b=podcast,mp3=acx`."""
    default, by_format = "podcast", {}
    for part in _names(text):
        name, is_pair, profile = part.partition("=")
        if is_pair:
            by_format[name] = profile
        else:
            default = name
    return default, by_format


def _names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip().lower())]
