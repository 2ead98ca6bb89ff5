"""Encoding with ffmpeg: raw samples in, a tagged MP3, FLAC, Opus, M4A or M4B file out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.audio.waveform import Samples
from hierbatch.delivery.tags import ChapterMark, Cover, metadata_text
from hierbatch.errors import InputError
from hierbatch.programs import feed_program, ffmpeg_program, run_program

_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error", "-y")


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFormat:
    """Output file format; `codec` and `muxer` are ffmpeg arguments."""

    name: str
    codec: tuple[str, ...]
    muxer: tuple[str, ...]
    rate_hz: int | None = None
    """The only sample rate in Hz that the codec supports; None uses the profile's rate."""
    is_whole_book: bool = False
    """True for one file with chapter marks instead of one file per chapter."""
    supports_cover: bool = True
    is_packed: bool = False
    """True if the chapter files are packed into one EPUB; `suffix` is their extension inside the EPUB."""
    suffix: str = ""

    @property
    def extension(self) -> str:
        """File name extension, without the dot."""
        return self.suffix or self.name


FORMATS = {
    kind.name: kind
    for kind in (
        AudioFormat(
            name="m4b",
            # At this bit rate ffmpeg's default coder overshoots peaks by up to 2 dB and is 5 dB noisier on speech.
            codec=("-c:a", "aac", "-b:a", "96k", "-aac_coder", "fast"),
            muxer=("-f", "ipod", "-brand", "M4B ", "-movflags", "+faststart"),
            is_whole_book=True,
        ),
        AudioFormat(
            name="mp3",
            # A bare -b:a is a constant bit rate. At 192 kbit/s for one channel LAME's noise shaping, which this level
            # leaves out, takes half the time and costs up to 2 dB in every band.
            codec=("-c:a", "libmp3lame", "-b:a", "192k", "-compression_level", "7"),
            muxer=("-f", "mp3", "-id3v2_version", "3"),
        ),
        AudioFormat(
            name="flac",
            codec=("-c:a", "flac", "-sample_fmt", "s16", "-compression_level", "8"),
            muxer=("-f", "flac"),
        ),
        AudioFormat(
            name="opus",
            codec=("-c:a", "libopus", "-b:a", "64k", "-application", "audio"),
            muxer=("-f", "opus"),
            rate_hz=48_000,
            supports_cover=False,  # ffmpeg cannot embed pictures in Ogg
        ),
        AudioFormat(
            name="readalong",
            # MP3 has no standard field for encoder delay and plays up to 50 ms late; MP4 stores it in its edit list.
            codec=("-c:a", "aac", "-b:a", "64k", "-aac_coder", "fast"),
            muxer=("-f", "ipod", "-movflags", "+faststart"),
            supports_cover=False,
            is_packed=True,
            suffix="m4a",
        ),
    )
}


def find_format(name: str) -> AudioFormat:
    """Look up a format by name; raises InputError if the name is unknown."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InputError(
            "Unknown format", expected=" or ".join(FORMATS), got=repr(name), fix="choose one of these formats"
        ) from None


@contextmanager
def chapter_encoder(
    path: Path, kind: AudioFormat, rate_hz: int, fields: Mapping[str, str], cover: Cover | None
) -> Iterator[Callable[[Samples], None]]:
    """Open an encoder for one chapter; yields a function that accepts the audio of the chapter in blocks.

    The file is complete when the context exits. Tags and cover are stored in temporary files next to `path`.

    Args:
        path: output file.
        kind: output format.
        rate_hz: sample rate of the blocks.
        fields: tags by ffmpeg's names.
        cover: picture to embed, if the format supports pictures.

    Raises:
        ProgramError: ffmpeg failed.
        StorageError: the disk is full.
    """
    with _extras(path, metadata_text(fields), cover if kind.supports_cover else None) as extras:
        arguments = [
            *_raw_input(rate_hz),
            *extras,
            *kind.codec,
            *kind.muxer,
            f"file:{path}",
        ]
        with feed_program(arguments) as feed:
            yield lambda samples: feed(np.ascontiguousarray(samples, "<f4").tobytes())


@contextmanager
def book_encoder(path: Path, kind: AudioFormat, rate_hz: int) -> Iterator[Callable[[Samples], None]]:
    """Open an encoder for a whole book without tags; yields a function that accepts the audio of the book in blocks.

    `finish_book` adds tags and chapter marks, which are known only at the end.

    Args:
        path: file to write.
        kind: format and codec.
        rate_hz: sampling rate of the blocks.

    Raises:
        ProgramError: ffmpeg failed.
        StorageError: the disk is full.
    """
    with feed_program([*_raw_input(rate_hz), *kind.codec, *kind.muxer, f"file:{path}"]) as feed:
        yield lambda samples: feed(np.ascontiguousarray(samples, "<f4").tobytes())


def finish_book(
    sound: Path,
    path: Path,
    kind: AudioFormat,
    fields: Mapping[str, str],
    marks: Sequence[ChapterMark],
    rate_hz: int,
    cover: Cover | None,
) -> None:
    """Add chapter marks, tags and cover to a book's encoded audio, which is copied without re-encoding.

    Args:
        sound: encoded audio, as written by `book_encoder`.
        path: output file.
        kind: output format.
        fields: tags by ffmpeg's names.
        marks: chapters, in samples at `rate_hz`.
        rate_hz: sample rate of the audio.
        cover: picture to embed; None for none.

    Raises:
        ProgramError: ffmpeg failed.
        StorageError: the disk is full.
    """
    with _extras(path, metadata_text(fields, marks, rate_hz), cover) as extras:
        language = ("-metadata:s:a:0", f"language={fields['language']}") if "language" in fields else ()
        run_program(
            [
                ffmpeg_program(),
                *_QUIET,
                *("-i", f"file:{sound}"),
                *extras,
                *("-map_chapters", "1", "-c:a", "copy", "-metadata", "media_type=2"),  # 2 is iTunes' "audiobook"
                *language,
                *kind.muxer,
                f"file:{path}",
            ]
        )


def _raw_input(rate_hz: int) -> list[str]:
    return [ffmpeg_program(), *_QUIET, "-f", "f32le", "-ar", str(rate_hz), "-ac", "1", "-i", "pipe:0"]


@contextmanager
def _extras(path: Path, metadata: str, cover: Cover | None) -> Iterator[list[str]]:
    """Context with ffmpeg's input arguments for the tags and the cover, which are in temporary files."""
    metadata_file = path.with_name(f"{path.name}.tags")
    metadata_file.write_text(metadata, encoding="utf-8")
    arguments = ["-f", "ffmetadata", "-i", f"file:{metadata_file}"]
    maps = ["-map", "0:a", "-map_metadata", "1"]
    cover_file = path.with_name(f"{path.name}.cover{cover.suffix if cover else ''}")
    try:
        if cover is not None:
            cover_file.write_bytes(cover.content)
            arguments += ["-f", "jpeg_pipe" if cover.suffix == ".jpg" else "png_pipe", "-i", f"file:{cover_file}"]
            maps += ["-map", "2:v", "-c:v", "copy", "-disposition:v", "attached_pic"]
        yield arguments + maps
    finally:
        metadata_file.unlink()
        cover_file.unlink(missing_ok=True)
