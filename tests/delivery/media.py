"""Reading back what was delivered, by ffmpeg's own description of it."""

import re
import struct
import zlib
from dataclasses import dataclass, field

from hierbatch.programs import ffmpeg_program, run_program


@dataclass
class Description:
    tags: dict = field(default_factory=dict)
    chapters: list = field(default_factory=list)


def described(path):
    """Tags and chapters (title, start in s, end in s) that players will show."""
    arguments = [ffmpeg_program(), "-v", "error", "-i", str(path), "-map_metadata", "0", "-f", "ffmetadata", "-"]
    # Ogg keeps its tags with the stream.
    if path.suffix == ".opus":
        arguments[5:7] = ["-map_metadata", "0:s:0"]
    sections = run_program(arguments).decode().replace("\\\n", "\n").split("[CHAPTER]\n")
    found = Description(_fields(sections[0]))
    for section in map(_fields, sections[1:]):
        numerator, denominator = map(int, section["TIMEBASE"].split("/"))
        start_s, end_s = (int(section[name]) * numerator / denominator for name in ("START", "END"))
        found.chapters.append((section["title"], start_s, end_s))
    return found


def has_cover(path):
    script = [ffmpeg_program(), "-v", "error", "-i", str(path), "-map", "0:v?", "-c", "copy", "-f", "framehash", "-"]
    return len([line for line in run_program(script).decode().splitlines() if not line.startswith("#")]) == 1


def png(width=2, height=2):
    """A small picture, made by hand (PNG specification, sections 5 and 11)."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x20\x40\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _fields(text):
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith(";"))
    return {name: re.sub(r"\\(.)", r"\1", value) for name, _, value in pairs}
