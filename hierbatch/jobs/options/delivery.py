"""Options of audiobook files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from hierbatch.jobs.options.provenance import Provenance
from hierbatch.option import Option

_DEFAULT_PROFILE = "podcast"


@dataclass(frozen=True, kw_only=True)
class Delivery(Provenance):
    """Formats, profiles and tags of an audiobook."""

    TITLE: ClassVar[str] = "Audiobook"

    to: Annotated[
        str,
        Option(
            "Formats, e.g. m4b,srt: m4b, mp3, flac, opus, readalong; srt, vtt, words; cue, chapters, audiobookshelf."
        ),
    ] = "m4b,mp3"
    profile: Annotated[str, Option("acx, ebu or podcast; per format: m4b=podcast,mp3=acx.")] = "m4b=podcast,mp3=acx"
    title: Annotated[str, Option("Title. Default: that of the book.")] = ""
    author: Annotated[str, Option("Author. Default: that of the book.")] = ""
    narrator: Annotated[str, Option("Narrator.")] = ""
    cover: Annotated[Path | None, Option("Cover image, JPEG or PNG. Default: that of the book.")] = None
    sample: Annotated[bool, Option("Also write sample.mp3 for shops, at most 5 minutes.")] = False
    full_band: Annotated[bool, Option("Extend the bandwidth of 16 kHz takes (SpeechSR) before mastering.")] = False

    @property
    def formats(self) -> tuple[str, ...]:
        """Audio formats named in `to`."""
        from hierbatch.delivery.sidecars import SIDECARS
        from hierbatch.delivery.subtitles import WRITERS

        return tuple(name for name in _names(self.to) if name not in WRITERS and name not in SIDECARS)

    @property
    def subtitles(self) -> tuple[str, ...]:
        """Subtitle formats named in `to`; each results in a file next to every audio file."""
        from hierbatch.delivery.subtitles import WRITERS

        return tuple(name for name in _names(self.to) if name in WRITERS)

    @property
    def sidecars(self) -> tuple[str, ...]:
        """Formats of files for libraries and players, such as cue sheets, named in `to`."""
        from hierbatch.delivery.sidecars import SIDECARS

        return tuple(name for name in _names(self.to) if name in SIDECARS)

    @property
    def default_profile(self) -> str:
        """Profile of the formats to which `profile` assigns none."""
        return next((name for name in reversed(_names(self.profile)) if "=" not in name), _DEFAULT_PROFILE)

    @property
    def profile_by_format(self) -> Mapping[str, str]:
        """Profiles that are assigned to single formats, such as `{"mp3": "acx"}`."""
        pairs = (name.partition("=") for name in _names(self.profile) if "=" in name)
        return {format_name: profile for format_name, _, profile in pairs}


@dataclass(frozen=True, kw_only=True)
class RunDelivery(Delivery):
    """Formats, profiles and tags of the audiobook of a run."""

    to: Annotated[
        str,
        Option(
            "Formats, e.g. m4b,srt: m4b, mp3, flac, opus, readalong; srt, vtt, words; cue, chapters, audiobookshelf."
        ),
    ] = "m4b"
    profile: Annotated[str, Option("acx, ebu or podcast; per format: m4b=podcast,mp3=acx.")] = _DEFAULT_PROFILE
    title: Annotated[str, Option("Title. Default: that in the manifest.")] = ""
    author: Annotated[str, Option("Author.")] = ""
    cover: Annotated[Path | None, Option("Cover image, JPEG or PNG.")] = None


def _names(text: str) -> list[str]:
    return [name for entry in text.split(",") if (name := entry.strip().lower())]
