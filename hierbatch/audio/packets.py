"""Times of the compressed packets of a sound track: its length and its gaps, known without decoding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.decoded_sound import DecodingError
from hierbatch.audio.ffmpeg_decoding import ffmpeg_input
from hierbatch.errors import ProgramError
from hierbatch.programs import stream_program

_TIMEOUT_S = 600.0
_SLACK_RATIO, _SLACK_S = 0.97, 0.25
"""Tolerances, as a share and in seconds, for encoder delay and rounded packet times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketTimes:
    """Times of a track's packets, in seconds from the start of the file."""

    sound_s: float
    """Duration of all packets together."""
    longest_gap_s: float
    """Longest time without a packet, including the time before the first packet."""
    end_s: float = 0.0
    """End of the last packet."""

    def is_longer_than(self, decoded_s: float) -> bool:
        """True if a decoder returned clearly less sound than the packets hold."""
        return decoded_s < _SLACK_RATIO * self.sound_s - _SLACK_S


def read_packet_times(path: Path, track: int = 0) -> PacketTimes:
    """Read the times of the packets of one sound track; `track` counts from 0.

    Raises:
        DecodingError: the container is unknown, the file has no such track, or ffmpeg fails.
        OSError: the file cannot be read.
        ProgramError: ffmpeg is missing.
    """
    arguments = [*ffmpeg_input(path), "-map", f"0:a:{track}", "-c", "copy", "-f", "framecrc", "pipe:1"]
    tick_s, end, sound, gap = 0.0, 0, 0, 0
    rest = b""
    try:
        for block in stream_program(arguments, timeout_s=_TIMEOUT_S):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                if line.startswith(b"#tb 0:"):
                    numerator, denominator = line.partition(b":")[2].split(b"/")
                    tick_s = int(numerator) / int(denominator)
                if line.startswith(b"#"):
                    continue
                _, _, shown_at, duration, *_ = line.split(b",")
                gap = max(gap, int(shown_at) - end)
                end = max(end, int(shown_at) + int(duration))
                sound += int(duration)
    except ProgramError as error:
        raise DecodingError("no audio in the file" if "matches no streams" in error.got else error.got) from error
    return PacketTimes(sound_s=sound * tick_s, longest_gap_s=gap * tick_s, end_s=end * tick_s)
