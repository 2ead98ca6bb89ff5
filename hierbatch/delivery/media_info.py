"""Sound tracks of a media file, from ffmpeg's description of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.decoded_sound import DecodingError
from hierbatch.audio.ffmpeg_decoding import ffmpeg_input
from hierbatch.errors import SourceError
from hierbatch.programs import read_messages

_STREAM = re.compile(r"^  Stream #0:\d+(?:\[0x[0-9a-f]+\])?(?:\((\w+)\))?: (\w+): (.*)$")
_FIELD = re.compile(r"^      (\w+) *: (.*)$")
_DISPOSITIONS = ("default", "dub", "original", "comment", "lyrics", "karaoke", "forced", "hearing impaired",
                 "visual impaired", "clean effects")  # fmt: skip
_DEEP = re.compile(r"^(?:pcm_|flac|alac|wavpack|tta|truehd|mlp).*\b(?:s24|s32p?|fltp?|dblp?)\b")
_SIXTEEN_OF_32 = re.compile(r"s32p? \(16 bit\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundTrack:
    """Properties of a sound track of a media file."""

    language: str
    title: str
    dispositions: tuple[str, ...]
    is_deep: bool
    """True if the samples are lossless and have more than 16 bits."""


def read_sound_tracks(path: Path) -> tuple[SoundTrack, ...]:
    """Read the properties of the sound tracks of a media file, in ffmpeg's order.

    Raises:
        SourceError: the file cannot be read, or is not a media file.
    """
    try:
        messages = read_messages(
            [argument for argument in ffmpeg_input(path) if argument not in ("-loglevel", "error")]
        )
    except (OSError, DecodingError) as error:
        raise undecodable(path, str(error)) from error
    if "Input #0" not in messages:
        raise undecodable(path, messages)
    tracks: list[tuple[str, str, dict[str, str]]] = []
    fields: dict[str, str] = {}
    for line in messages.splitlines():
        if stream := _STREAM.match(line):
            fields = {}
            if stream[2] == "Audio":
                tracks.append((stream[1] or "", stream[3], fields))
        elif (field := _FIELD.match(line)) and field[1] not in fields:
            fields[field[1]] = field[2]
    return tuple(_track(*track) for track in tracks)


def find_track(path: Path, wanted: str) -> tuple[int, SoundTrack]:
    """Find the sound track that a user asks for; return the index of the track, from 0, and its properties.

    Args:
        path: the media file.
        wanted: a number from 1, a language such as `kor`, or empty for the first track.

    Raises:
        SourceError: the file has no audio, or no such track.
    """
    tracks = read_sound_tracks(path)
    if not tracks:
        raise SourceError(
            f"{path.name} has no audio", expected="a file with an audio track", fix="remove it from the folder"
        )
    for number, track in enumerate(tracks):
        if wanted in ("", str(number + 1)) or wanted == track.language:
            return number, track
    shown = ", ".join(f"{i} ({track.language or 'no language'})" for i, track in enumerate(tracks, start=1))
    raise SourceError(f"{path.name} has no such sound track", expected=shown, got=wanted, fix="correct --track")


def undecodable(media: Path, reason: str) -> SourceError:
    """Error for a media file that cannot be decoded, with the last line of the reason."""
    return SourceError(
        f"{media.name} cannot be decoded",
        expected="an undamaged audio or video file",
        got=reason.splitlines()[-1][-200:] if reason else "",
        fix="replace the file or convert it to a common format",
    )


def _track(language: str, description: str, fields: dict[str, str]) -> SoundTrack:
    return SoundTrack(
        language="" if language == "und" else language,
        title=fields.get("title") or fields.get("name") or "",
        dispositions=tuple(name.replace(" ", "_") for name in _DISPOSITIONS if f"({name})" in description),
        is_deep=bool(_DEEP.match(description)) and not _SIXTEEN_OF_32.search(description),
    )
