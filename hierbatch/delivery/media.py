"""Audio tracks of media files, extracted and replaced by ffmpeg; video and subtitles are copied without re-encoding."""

from __future__ import annotations

from pathlib import Path

from hierbatch.delivery.decode import container_of, decoded
from hierbatch.delivery.dubbing import SYNTHETIC_COMMENT
from hierbatch.errors import InputError, ProgramError, SourceError
from hierbatch.programs import ffmpeg_program, run_program

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".m4a")
VIDEO_CODECS = {".mp4": "aac", ".m4v": "aac", ".mov": "aac", ".mkv": "flac", ".webm": "libopus"}
"""Audio codec per container: preserves the number of samples and is widely supported by players."""

_AAC_BITRATE = "192k"
_NO_AUDIO_MESSAGE = "matches no streams"


def extract_sound(media: Path, target: Path) -> None:
    """Extract a file's first audio stream as 16-bit FLAC with all its channels, aligned to the start of the video.

    Raises:
        SourceError: the format is not supported, the file has no audio, or it cannot be decoded.
        StorageError: the disk is full.
    """
    try:
        arguments = [
            *_input(media),
            # Late starts and gaps are filled with silence to keep audio and video in sync.
            *("-map", "0:a:0", "-af", "aresample=async=1:first_pts=0", "-c:a", "flac", "-sample_fmt", "s16"),
            *("-f", "flac", f"file:{target}"),
        ]
        run_program(arguments)
    except (ProgramError, InputError) as error:
        if _NO_AUDIO_MESSAGE in error.got:
            raise SourceError(
                f"{media.name} has no audio", expected="a file with an audio track", fix="remove it from the folder"
            ) from error
        raise SourceError(
            f"{media.name} cannot be decoded",
            expected="an undamaged audio or video file",
            got=error.got or error.what,
            fix="replace the file or convert it to a common format",
        ) from error


def replace_sound(video: Path, sound: Path, target: Path) -> None:
    """Write a video with another audio track; its other streams and its metadata are copied.

    Args:
        video: the original file.
        sound: the new audio, as FLAC.
        target: output file, in the container of `video`.

    Raises:
        ProgramError: ffmpeg cannot mux the streams.
        StorageError: the disk is full.
    """
    codec = VIDEO_CODECS[video.suffix.lower()]
    arguments = [
        *_input(video),
        *("-f", "flac", "-i", f"file:{sound}", "-map", "0:v", "-map", "1:a", "-map", "0:s?"),
        *("-map_metadata", "0", "-map_chapters", "0", "-c", "copy", "-c:a", codec),
        *(("-b:a", _AAC_BITRATE, "-movflags", "+faststart") if codec == "aac" else ()),
        *("-metadata", f"comment={SYNTHETIC_COMMENT}", f"file:{target}"),
    ]
    run_program(arguments)


def count_samples(path: Path) -> int:
    """Samples per channel that a player decodes from a file's first audio stream."""
    with decoded(path) as sound:
        return sum(len(block) for block in sound.blocks)


def _input(path: Path) -> list[str]:
    program = [ffmpeg_program(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    return [*program, "-protocol_whitelist", "file,pipe", "-f", container_of(path), "-i", f"file:{path}"]
