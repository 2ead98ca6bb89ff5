"""Speaker segments of a recording, from NIST RTTM, CSV (start, end, speaker) or subtitles of the form `NAME: text`."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from hierbatch.errors import SegmentsError
from hierbatch.manifest.tables.headers import column_name, found_columns, read_header
from hierbatch.names import clean_name, nfc
from hierbatch.storage import read_regular_file

SUFFIXES = (".rttm", ".csv", ".srt")

_END_SLACK_S = 0.05
"""Tolerance in seconds for segments that end after their recording because of rounding."""
_SETTLED_S = 0.3
"""Longest overlap, and longest time past the end of the recording, that `settle_segments` corrects, in seconds."""
_MAX_BYTES = 32 << 20
_CSV_COLUMNS = ("start", "end", "speaker", "start_s", "end_s")
_CUE_TIME = re.compile(
    r"(?<!\d)(\d{1,4}):(\d\d):(\d\d)[,.](\d{1,3})\s{0,9}-->\s{0,9}(\d{1,4}):(\d\d):(\d\d)[,.](\d{1,3})"
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_SOUND_CUE = re.compile(r"(?:\[[^\]]*\]|\([^)]*\)|[♪♫#\s-])*")
"""Subtitle that only describes sounds, such as `[music]` or `(laughs)`."""
_NO_NAMES = {
    "answer", "attention", "caution", "date", "example", "finally", "first", "hint", "important", "last", "listen",
    "look", "note", "notice", "ps", "question", "remember", "reminder", "rule", "second", "step", "summary",
    "third", "time", "tip", "update", "wait", "warning",
}  # fmt: skip
"""Words that, before a colon, begin a sentence rather than name a speaker."""
_CUE_NAME = re.compile(r"^\s*(?:[-–]\s*)?([^:：<>]{1,60}?)\s*[:：]\s+\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Span of a recording in which one speaker talks."""

    start_s: float
    end_s: float
    speaker: str


def read_segments(path: Path) -> tuple[Segment, ...]:
    """Read a segments table; the segments are sorted by time, and subtitles without speaker names are ignored.

    Raises:
        SegmentsError: the table cannot be read, or a line is not a segment.
    """
    try:
        text = io.StringIO(read_regular_file(path, _MAX_BYTES).decode("utf-8-sig"), newline=None).read()
    except (OSError, UnicodeDecodeError) as error:
        raise SegmentsError(
            f"{path} cannot be read",
            expected=f"UTF-8 text of at most {_MAX_BYTES >> 20} MB",
            got=getattr(error, "strerror", None) or str(error),
            fix="check the file, or convert it to UTF-8",
        ) from error
    readers = {".rttm": _read_rttm, ".csv": _read_csv, ".srt": _read_srt}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SegmentsError(
            f"{path} is not a segments table", expected=" or ".join(SUFFIXES), got=path.suffix, fix="convert it"
        )
    try:
        segments = [replace(segment, speaker=clean_name(segment.speaker)) for segment in reader(text, path)]
    except csv.Error as error:
        raise SegmentsError(
            f"{path} cannot be read", expected="a CSV table", got=str(error), fix="save it again"
        ) from error
    return tuple(sorted(segments, key=lambda segment: (segment.start_s, segment.end_s)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledSegments:
    """Segments after small corrections, with a message about the corrections if there were any."""

    segments: tuple[Segment, ...]
    notices: tuple[str, ...] = ()


def settle_segments(segments: Sequence[Segment], duration_s: float, name: str) -> SettledSegments:
    """Correct small errors: divide overlaps of up to 0.3 s in the middle, and clip ends up to 0.3 s past the recording.

    Args:
        segments: segments sorted by time.
        duration_s: duration of the recording.
        name: name of the recording, for the message only.
    """
    settled, n_overlaps, n_clipped = list(segments), 0, 0
    for i, segment in enumerate(settled):
        if duration_s + _END_SLACK_S < segment.end_s <= duration_s + _SETTLED_S and segment.start_s < duration_s:
            settled[i], n_clipped = replace(segment, end_s=duration_s), n_clipped + 1
    for i, (one, other) in enumerate(pairwise(segments)):
        overlap_s = one.end_s - other.start_s
        if 1e-6 < overlap_s <= _SETTLED_S and one.start_s < other.start_s and one.end_s < other.end_s:
            middle_s = (one.end_s + other.start_s) / 2
            settled[i] = replace(settled[i], end_s=middle_s)
            settled[i + 1] = replace(settled[i + 1], start_s=middle_s)
            n_overlaps += 1
    facts = {"overlaps divided in the middle": n_overlaps, "ends moved to the end of the recording": n_clipped}
    shown = ", ".join(f"{fact}: {count}" for fact, count in facts.items() if count)
    return SettledSegments(segments=tuple(settled), notices=(f"Segments of {name}: {shown}",) if shown else ())


def check_segments(segments: Sequence[Segment], duration_s: float, name: str) -> tuple[Segment, ...]:
    """Validate the segments of a recording, and clip ends that are up to 0.05 s past the recording.

    Args:
        segments: segments sorted by time.
        duration_s: duration of the recording.
        name: name of the recording, for error messages only.

    Raises:
        SegmentsError: segments overlap, start before or end after the recording, or have no duration.
    """
    problems = [f"{_describe(s)} has no duration" for s in segments if not s.end_s > s.start_s]
    problems += [f"{_describe(s)} starts before the recording" for s in segments if s.start_s < 0]
    problems += [f"{_describe(s)} ends after the recording" for s in segments if s.end_s > duration_s + _END_SLACK_S]
    for one, other in pairwise(segments):
        if other.start_s < one.end_s - 1e-6:
            problems.append(f"{_describe(one)} and {_describe(other)} overlap")
    if problems:
        raise SegmentsError(
            f"The segments of {name} are invalid",
            expected=f"segments without overlap within {duration_s:.2f} s",
            got="; ".join(problems[:5]),
            fix="correct the segments table",
        )
    return tuple(
        Segment(start_s=s.start_s, end_s=min(s.end_s, duration_s), speaker=s.speaker)
        for s in segments
        if s.start_s < duration_s
    )


def _read_rttm(text: str, path: Path) -> Iterable[Segment]:
    """Parse NIST Rich Transcription Time Marked (RT-09 evaluation plan, appendix A).

    Only SPEAKER lines are used; if they name several recordings, only those of the recording with the file's name.
    """
    found: dict[str, list[Segment]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        if len(fields) < 8:
            raise _bad_line(path, number, "SPEAKER file channel start duration <NA> <NA> name", line)
        start_s, duration_s = (_seconds(field, path, number) for field in fields[3:5])
        segment = Segment(start_s=start_s, end_s=start_s + duration_s, speaker=fields[7])
        found.setdefault(nfc(fields[1]), []).append(segment)
    if len(found) > 1:  # one table for several recordings
        return found.get(nfc(path.stem), [])
    return [segment for segments in found.values() for segment in segments]


def _read_csv(text: str, path: Path) -> Iterable[Segment]:
    separator, header = read_header(path, _CSV_COLUMNS)
    lines = csv.DictReader(text.splitlines(), delimiter=separator)
    names = {
        column_name(raw, _CSV_COLUMNS).removesuffix("_s"): name
        for raw, name in zip(header, lines.fieldnames or (), strict=False)
    }
    if missing := [name for name in ("start", "end", "speaker") if name not in names]:
        raise SegmentsError(
            f"{path} is not a segments table",
            expected="columns start, end, speaker",
            got=f"no {', '.join(missing)}{found_columns(header)}",
            fix="add the columns",
        )
    for number, row in enumerate(lines, start=2):
        times = [row[names[name]] or "" for name in ("start", "end")]
        if separator == ";":  # of spreadsheets with decimal commas
            times = [time.replace(",", ".") for time in times]
        start_s, end_s = (_seconds(time, path, number) for time in times)
        yield Segment(start_s=start_s, end_s=end_s, speaker=(row[names["speaker"]] or "").strip())


def _read_srt(text: str, path: Path) -> Iterable[Segment]:
    cues = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        time = _CUE_TIME.search(block)
        if time is None:
            continue
        numbers = [int(part) for part in time.groups()]
        start_s, end_s = (3600 * h + 60 * m + s + ms / 1000 for h, m, s, ms in (numbers[:4], numbers[4:]))
        text = _TAG.sub("", block[time.end() :]).strip()
        if text and not _SOUND_CUE.fullmatch(text):
            cues.append((start_s, end_s, _speaker_name(text)))
    if all(name is None for _, _, name in cues):
        return []  # ordinary subtitles without speaker names
    unnamed = [f"{start_s:.2f} s" for start_s, _, name in cues if name is None]
    if unnamed:
        raise SegmentsError(
            f"Cues of {path} have no speaker",
            expected="`NAME: text` in every cue, or in none",
            got=", ".join(unnamed[:5]),
            fix="add the speakers, or remove all of them",
        )
    return [Segment(start_s=start_s, end_s=end_s, speaker=name or "") for start_s, end_s, name in cues]


def _speaker_name(text: str) -> str | None:
    name = _CUE_NAME.match(text)
    return None if name is None or name[1].split()[0].lower().strip(".") in _NO_NAMES else name[1]


def _seconds(text: str, path: Path, number: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _bad_line(path, number, "times in seconds", text)
    return value


def _bad_line(path: Path, number: int, wanted: str, got: str) -> SegmentsError:
    found = got.strip()[:80] or "nothing"
    return SegmentsError(
        f"Line {number} of {path} is not a segment", expected=wanted, got=found, fix="correct the line"
    )


def _describe(segment: Segment) -> str:
    return f"{segment.speaker or 'a segment'} at {segment.start_s:.2f} to {segment.end_s:.2f} s"
