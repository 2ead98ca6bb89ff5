"""What is said to ffmpeg: raw sound in, a finished MP3, FLAC, Opus or M4B out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.audio.waveform import Samples
from hierbatch.errors import InputError
from hierbatch.export.tags import ChapterMark, Cover, metadata_text
from hierbatch.programs import feed_program, ffmpeg_program, run_program

_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error", "-y")


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFormat:
    """A kind of delivered file: `codec` and `muxer` are arguments for ffmpeg."""

    name: str
    codec: tuple[str, ...]
    muxer: tuple[str, ...]
    rate_hz: int | None = None
    """Set where the codec knows one rate only; otherwise the profile's is taken."""
    is_whole_book: bool = False
    """One file with chapter marks, in place of one file a chapter."""
    takes_cover: bool = True
    is_packed: bool = False
    """Its chapters go into one publication in place of being delivered; `suffix` is then theirs."""
    suffix: str = ""

    @property
    def ending(self) -> str:
        """How its files' names end."""
        return self.suffix or self.name


FORMATS = {
    kind.name: kind
    for kind in (
        AudioFormat(
            name="m4b",
            # At this rate ffmpeg's default coder overshoots peaks by up to 2 dB and is 5 dB noisier on speech.
            codec=("-c:a", "aac", "-b:a", "96k", "-aac_coder", "fast"),
            muxer=("-f", "ipod", "-brand", "M4B ", "-movflags", "+faststart"),
            is_whole_book=True,
        ),
        AudioFormat(
            name="mp3",
            codec=("-c:a", "libmp3lame", "-b:a", "192k"),  # a bare -b:a is a constant bit rate
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
            takes_cover=False,  # ffmpeg writes no picture into Ogg
        ),
        AudioFormat(
            name="readalong",
            # MP3 has no agreed place for the encoder's delay and plays up to 50 ms late; MP4 says it in its edit list.
            codec=("-c:a", "aac", "-b:a", "64k", "-aac_coder", "fast"),
            muxer=("-f", "ipod", "-movflags", "+faststart"),
            takes_cover=False,
            is_packed=True,
            suffix="m4a",
        ),
    )
}


def find_format(name: str) -> AudioFormat:
    """The format of that name; raises InputError for a name that is none."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InputError("There is no such format", wanted=" or ".join(FORMATS), got=repr(name)) from None


@contextmanager
def chapter_encoder(
    path: Path, kind: AudioFormat, rate_hz: int, fields: Mapping[str, str], cover: Cover | None
) -> Iterator[Callable[[Samples], None]]:
    """A function that takes a chapter's sound in blocks; the file is whole when the block has ended.

    Tags and cover lie beside `path` meanwhile. Raises ProgramError or StorageError.
    """
    with _extras(path, metadata_text(fields), cover if kind.takes_cover else None) as extras:
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
    """The same for a whole book's sound, chapter after chapter; `finish_book` adds what is known only at the end."""
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
    """Put chapter marks, tags and cover to a book's encoded sound, which is copied as it is."""
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
    """Arguments for a second input with tags and marks and a third with the cover."""
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
