"""Who speaks when: segments tables as NIST RTTM, as CSV of start, end, speaker, or as subtitles with `NAME: text`."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hierbatch.errors import SegmentsError

SUFFIXES = (".rttm", ".csv", ".srt")

_END_SLACK_S = 0.05
"""How far a table may round past the end of its recording."""
_MOST_BYTES = 32 << 20
_CUE_TIME = re.compile(r"(\d+):(\d\d):(\d\d)[,.](\d{1,3})\s*-->\s*(\d+):(\d\d):(\d\d)[,.](\d{1,3})")
_CUE_NAME = re.compile(r"^\s*(?:[-–]\s*)?([^:：<>]{1,60}?)\s*[:：]\s+\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a recording in which one person speaks."""

    start_s: float
    end_s: float
    speaker: str


def read_segments(path: Path) -> tuple[Segment, ...]:
    """Segments of a table in the order of time; of subtitles that name nobody, none.

    Raises:
        SegmentsError: it cannot be read, or a line of it is no segment.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SegmentsError(f"{path} is too large", wanted=f"at most {_MOST_BYTES >> 20} MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SegmentsError(f"{path} cannot be read", wanted="UTF-8 text", got=str(error)) from error
    readers = {".rttm": _read_rttm, ".csv": _read_csv, ".srt": _read_srt}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SegmentsError(f"{path} is no segments table", wanted=" or ".join(SUFFIXES), got=path.suffix)
    return tuple(sorted(reader(text, path), key=lambda segment: (segment.start_s, segment.end_s)))


def check_segments(segments: Sequence[Segment], duration_s: float, name: str) -> tuple[Segment, ...]:
    """The segments of a recording, cut at its end where a table rounds past it.

    Raises:
        SegmentsError: one overlaps another, lies past the end, or lasts no time.
    """
    problems = [f"{_told(s)} lasts no time" for s in segments if not s.end_s > s.start_s]
    problems += [f"{_told(s)} starts before the recording" for s in segments if s.start_s < 0]
    problems += [f"{_told(s)} reaches past the end" for s in segments if s.end_s > duration_s + _END_SLACK_S]
    for one, other in pairwise(segments):
        if other.start_s < one.end_s - 1e-6:
            problems.append(f"{_told(one)} and {_told(other)} overlap")
    if problems:
        raise SegmentsError(
            f"The segments of {name} do not fit it",
            wanted=f"segments one after the other within {duration_s:.2f} s",
            got="; ".join(problems[:5]),
            mend="correct the segments table",
        )
    return tuple(
        Segment(start_s=s.start_s, end_s=min(s.end_s, duration_s), speaker=s.speaker)
        for s in segments
        if s.start_s < duration_s
    )


def _read_rttm(text: str, path: Path) -> Iterable[Segment]:
    """NIST Rich Transcription Time Marked, RT-09 evaluation plan, appendix A; only SPEAKER lines count."""
    found: dict[str, list[Segment]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        if len(fields) < 8:
            raise _bad_line(path, number, "SPEAKER file channel start duration <NA> <NA> name", line)
        start_s, duration_s = (_seconds(field, path, number) for field in fields[3:5])
        segment = Segment(start_s=start_s, end_s=start_s + duration_s, speaker=fields[7])
        found.setdefault(fields[1], []).append(segment)
    if len(found) > 1:  # one table for many recordings
        return found.get(path.stem, [])
    return [segment for segments in found.values() for segment in segments]


def _read_csv(text: str, path: Path) -> Iterable[Segment]:
    lines = csv.DictReader(text.splitlines())
    names = {name.strip().removesuffix("_s"): name for name in lines.fieldnames or ()}
    if missing := [name for name in ("start", "end", "speaker") if name not in names]:
        raise SegmentsError(
            f"{path} is no segments table", wanted="columns start, end, speaker", got=f"no {', '.join(missing)}"
        )
    for number, row in enumerate(lines, start=2):
        start_s, end_s = (_seconds(row[names[name]] or "", path, number) for name in ("start", "end"))
        yield Segment(start_s=start_s, end_s=end_s, speaker=(row[names["speaker"]] or "").strip())


def _read_srt(text: str, path: Path) -> Iterable[Segment]:
    cues = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        time = _CUE_TIME.search(block)
        if time is None:
            continue
        numbers = [int(part) for part in time.groups()]
        start_s, end_s = (3600 * h + 60 * m + s + ms / 1000 for h, m, s, ms in (numbers[:4], numbers[4:]))
        name = _CUE_NAME.match(block[time.end() :].strip())
        cues.append((start_s, end_s, name[1] if name else None))
    if all(name is None for _, _, name in cues):
        return []  # ordinary subtitles: they do not say who speaks
    unnamed = [f"{start_s:.2f} s" for start_s, _, name in cues if name is None]
    if unnamed:
        raise SegmentsError(
            f"Cues of {path} name no speaker",
            wanted="`NAME: text` in every cue, or in none",
            got=", ".join(unnamed[:5]),
        )
    return [Segment(start_s=start_s, end_s=end_s, speaker=name or "") for start_s, end_s, name in cues]


def _seconds(text: str, path: Path, number: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _bad_line(path, number, "times in seconds", text)
    return value


def _bad_line(path: Path, number: int, wanted: str, got: str) -> SegmentsError:
    return SegmentsError(f"Line {number} of {path} is no segment", wanted=wanted, got=got.strip()[:80] or "nothing")


def _told(segment: Segment) -> str:
    return f"{segment.speaker or 'a segment'} at {segment.start_s:.2f} to {segment.end_s:.2f} s"
