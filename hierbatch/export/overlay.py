"""When each sentence of a page is heard, as a media overlay (EPUB 3.3, section 9: SMIL)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import PurePosixPath
from posixpath import relpath
from urllib.parse import quote

from hierbatch.export.takes import BookTakes
from hierbatch.export.timeline import ChapterTimeline

ACTIVE_CLASS = "hierbatch-spoken"
"""What a reading system puts on the sentence that is heard."""

STYLE = f".{ACTIVE_CLASS} {{ background-color: #ffe08a; color: #1b1f23; }}\n"


@dataclass(frozen=True, slots=True)
class Clip:
    """A sentence and its place in a sound file of the publication."""

    row_id: str
    sound: str
    start_s: float
    end_s: float


def chapter_clips(timeline: ChapterTimeline, takes: BookTakes, sound: str) -> Iterator[Clip]:
    """Clips of a chapter's spoken rows, from the first word of each to the first word of the next.

    Reading systems leave out what lies between two clips, so there is nothing between: the pauses are part of the
    reading. The last clip ends with its file.
    """
    starts = []
    for placement in timeline.placements:
        words = takes.script(placement.take).words
        lead_s = words[0].start_s if words else 0.0
        starts.append((placement.take.id, max(0.0, placement.start_sample / timeline.rate_hz + lead_s)))
    ends = [start_s for _, start_s in starts[1:]] + [timeline.duration_s]
    for (row_id, start_s), end_s in zip(starts, ends, strict=True):
        yield Clip(row_id, sound, start_s, end_s)


def on_page(clips: Sequence[Clip], elements: dict[str, str]) -> list[tuple[str, Clip]]:
    """The clips of a page with the ids of their elements; one whose sentence has none is heard with the one before."""
    placed: list[tuple[str, Clip]] = []
    for clip in clips:
        if clip.row_id in elements:
            placed.append((elements[clip.row_id], clip))
        elif placed and placed[-1][1].sound == clip.sound and placed[-1][1].end_s == clip.start_s:
            placed[-1] = (placed[-1][0], replace(placed[-1][1], end_s=clip.end_s))
    return placed


def smil_text(page: str, smil: str, placed: Sequence[tuple[str, Clip]]) -> str:
    """The overlay of one page; paths are those inside the publication."""
    beside = PurePosixPath(smil).parent.as_posix()
    text = escape(quote(relpath(page, beside)))
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">',
        f'<body><seq id="page" epub:textref="{text}">',
    ]
    for number, (element_id, clip) in enumerate(placed, start=1):
        sound = escape(quote(relpath(clip.sound, beside)))
        lines.append(
            f'<par id="s{number}"><text src="{text}#{escape(quote(element_id))}"/>'
            f'<audio src="{sound}" clipBegin="{clip.start_s:.3f}s" clipEnd="{clip.end_s:.3f}s"/></par>'
        )
    return "\n".join([*lines, "</seq></body></smil>", ""])


def duration_s(placed: Sequence[tuple[str, Clip]]) -> float:
    """How long an overlay is heard, of the times as they are written."""
    return sum(round(clip.end_s, 3) - round(clip.start_s, 3) for _, clip in placed)
