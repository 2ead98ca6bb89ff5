"""Media overlays (EPUB 3.3, section 9: SMIL): the playback time of every sentence on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import PurePosixPath
from posixpath import relpath
from urllib.parse import quote

from hierbatch.delivery.takes import BookTakes
from hierbatch.delivery.timeline import ChapterTimeline

ACTIVE_CLASS = "hierbatch-spoken"
"""CSS class that a reading system sets on the sentence being played."""

STYLE = f".{ACTIVE_CLASS} {{ background-color: #ffe08a; color: #1b1f23; }}\n"


@dataclass(frozen=True, slots=True)
class OverlayClip:
    """Sentence with its time span in an audio file of the publication."""

    row_id: str
    sound: str
    start_s: float
    end_s: float


def chapter_clips(timeline: ChapterTimeline, takes: BookTakes, sound: str) -> Iterator[OverlayClip]:
    """Yield a clip per synthesized row of a chapter, from the first word of the row to the first word of the next row.

    Reading systems skip the audio between two clips, so clips are contiguous and include the pauses. The last clip ends
    at the end of the file.

    Args:
        timeline: positions of the takes.
        takes: source of the word timings.
        sound: path of the chapter's audio file inside the publication.
    """
    starts = []
    for placement in timeline.placements:
        words = takes.transcript(placement.take).words
        lead_s = words[0].start_s if words else 0.0
        starts.append((placement.take.id, max(0.0, placement.start_sample / timeline.rate_hz + lead_s)))
    ends = [start_s for _, start_s in starts[1:]] + [timeline.duration_s]
    for (row_id, start_s), end_s in zip(starts, ends, strict=True):
        yield OverlayClip(row_id, sound, start_s, end_s)


def pair_elements(clips: Sequence[OverlayClip], elements: dict[str, str]) -> list[tuple[str, OverlayClip]]:
    """Pair the clips of a page with the ids of its elements, which `elements` maps from row ids.

    A clip without an element extends the clip before it, or is left out if the two are not contiguous.
    """
    placed: list[tuple[str, OverlayClip]] = []
    for clip in clips:
        if clip.row_id in elements:
            placed.append((elements[clip.row_id], clip))
        elif placed and placed[-1][1].sound == clip.sound and placed[-1][1].end_s == clip.start_s:
            placed[-1] = (placed[-1][0], replace(placed[-1][1], end_s=clip.end_s))
    return placed


def smil_text(page: str, smil: str, placed: Sequence[tuple[str, OverlayClip]]) -> str:
    """Format the SMIL document of one page.

    Args:
        page: path of the page inside the publication.
        smil: path of the overlay inside the publication.
        placed: element ids of the page and their clips, in reading order.
    """
    folder = PurePosixPath(smil).parent.as_posix()
    text = escape(quote(relpath(page, folder)))
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">',
        f'<body><seq id="page" epub:textref="{text}">',
    ]
    for number, (element_id, clip) in enumerate(placed, start=1):
        sound = escape(quote(relpath(clip.sound, folder)))
        lines.append(
            f'<par id="s{number}"><text src="{text}#{escape(quote(element_id))}"/>'
            f'<audio src="{sound}" clipBegin="{clip.start_s:.3f}s" clipEnd="{clip.end_s:.3f}s"/></par>'
        )
    return "\n".join([*lines, "</seq></body></smil>", ""])


def overlay_duration_s(placed: Sequence[tuple[str, OverlayClip]]) -> float:
    """Playback time of an overlay in seconds: the sum of the durations of the clips, from times rounded to 1 ms."""
    return sum(round(clip.end_s, 3) - round(clip.start_s, 3) for _, clip in placed)
