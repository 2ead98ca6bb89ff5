"""Sound out of films and back into them, by ffmpeg; pictures and subtitles are copied, never made anew."""

from __future__ import annotations

from pathlib import Path

from hierbatch.errors import InputError, ProgramError, SourceError
from hierbatch.export.decode import container_of, decoded
from hierbatch.export.dubbing import SPOKEN_BY_MACHINE
from hierbatch.programs import ffmpeg_program, run_program

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".m4a")
VIDEO_CODECS = {".mp4": "aac", ".m4v": "aac", ".mov": "aac", ".mkv": "flac", ".webm": "libopus"}
"""Codecs by container that give back as many samples as they were given, and that players know."""

_AAC_BITS = "192k"
_NO_SOUND = "matches no streams"


def extract_sound(media: Path, target: Path) -> None:
    """The first sound of a file as FLAC, 16 bit, all its channels; it starts where the picture starts.

    Raises:
        SourceError: the file is none that is known, has no sound, or cannot be decoded.
        StorageError: the disk is full.
    """
    try:
        arguments = [
            *_reading(media),
            # Sound that starts late or has gaps is filled with silence, so that sample and picture stay together.
            *("-map", "0:a:0", "-af", "aresample=async=1:first_pts=0", "-c:a", "flac", "-sample_fmt", "s16"),
            *("-f", "flac", f"file:{target}"),
        ]
        run_program(arguments)
    except (ProgramError, InputError) as error:
        if _NO_SOUND in error.got:
            raise SourceError(f"{media.name} has no sound", wanted="a file with a sound track") from error
        raise SourceError(
            f"{media.name} cannot be decoded", wanted="a whole audio or video file", got=error.got or error.what
        ) from error


def replace_sound(video: Path, sound: Path, target: Path) -> None:
    """The film with another sound: its other streams and what it says of itself are copied as they are.

    Raises:
        ProgramError: ffmpeg cannot put them together.
        StorageError: the disk is full.
    """
    codec = VIDEO_CODECS[video.suffix.lower()]
    arguments = [
        *_reading(video),
        *("-f", "flac", "-i", f"file:{sound}", "-map", "0:v", "-map", "1:a", "-map", "0:s?"),
        *("-map_metadata", "0", "-map_chapters", "0", "-c", "copy", "-c:a", codec),
        *(("-b:a", _AAC_BITS, "-movflags", "+faststart") if codec == "aac" else ()),
        *("-metadata", f"comment={SPOKEN_BY_MACHINE}", f"file:{target}"),
    ]
    run_program(arguments)


def count_samples(path: Path) -> int:
    """Samples of each channel that a player hears of a file's first sound."""
    with decoded(path) as sound:
        return sum(len(block) for block in sound.blocks)


def _reading(path: Path) -> list[str]:
    program = [ffmpeg_program(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    return [*program, "-protocol_whitelist", "file,pipe", "-f", container_of(path), "-i", f"file:{path}"]
