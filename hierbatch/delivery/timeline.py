"""Sample-exact positions of the takes of a chapter, planned before the chapter is assembled.

Lengths are derived from the takes' sample counts, so audio, subtitles and chapter marks all use the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hierbatch.audio.resample import resampled_length
from hierbatch.delivery.pauses import PauseRules, is_new_block, pause_after_s
from hierbatch.delivery.profiles import Profile
from hierbatch.delivery.takes import BookTake, ChapterTakes

EdgeSilence = Callable[[BookTake], tuple[float, float]]
"""Function that returns the leading and trailing silence inside a take, in seconds."""


@dataclass(frozen=True, slots=True)
class PlacedTake:
    """Position of a take in a chapter; silence at the take's edges may extend beyond the chapter's start or end."""

    take: BookTake
    start_sample: int
    n_samples: int

    @property
    def end_sample(self) -> int:
        """Position of the sample after the take's last one."""
        return self.start_sample + self.n_samples


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterTimeline:
    """Timeline of a delivered chapter: title, length, positions of its takes, and ids of rows without audio."""

    number: int
    title: str
    rate_hz: int
    n_samples: int
    placements: tuple[PlacedTake, ...]
    missing: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return self.n_samples / self.rate_hz


def plan_chapters(
    chapters: Sequence[ChapterTakes],
    profile: Profile,
    rate_hz: int,
    rules: PauseRules,
    edge_silence: EdgeSilence,
    keep_numbers: bool = False,
) -> list[ChapterTimeline]:
    """Plan timelines of all chapters that have audio, numbered from 1.

    A chapter longer than the profile allows is split between paragraphs into titled parts. A row without audio
    becomes silence of the row's expected duration.

    Args:
        chapters: takes by chapter.
        profile: head and tail silence, and the maximum duration of a file.
        rate_hz: sample rate of the timelines.
        rules: pauses between takes.
        edge_silence: function that measures the leading and trailing silence inside a take.
        keep_numbers: True to number the timelines like the chapters of the book, of which some may be left out.
    """
    named = [(chapter.number, *part) for chapter in chapters for part in _named_parts(chapter, profile, rules)]
    timelines = []
    for position, (own_number, title, takes) in enumerate(named, start=1):
        number = own_number if keep_numbers else position
        lead_s, _ = edge_silence(takes[0])
        _, trail_s = edge_silence(takes[-1])
        # Head and tail silence include the edge silence of the first and last take.
        start = round((profile.head_s - lead_s) * rate_hz)
        placements, end = _place(takes, start, rate_hz, rules)
        n_samples = end + round((profile.tail_s - trail_s) * rate_hz)
        missing = tuple(take.id for take in takes if not take.is_spoken)
        timelines.append(
            ChapterTimeline(
                number=number,
                title=title,
                rate_hz=rate_hz,
                n_samples=n_samples,
                placements=placements,
                missing=missing,
            )
        )
    return timelines


def _place(
    takes: Sequence[BookTake], start: int, rate_hz: int, rules: PauseRules
) -> tuple[tuple[PlacedTake, ...], int]:
    """Place the synthesized takes in order; return the placements and the end of the last row, in samples."""
    placements = []
    position = end = start
    for take, pause_s in zip(takes, [*_pauses(takes, rules), 0.0], strict=True):
        if take.is_spoken:
            n_samples = resampled_length(take.n_samples, take.rate_hz, rate_hz)
            placements.append(PlacedTake(take, position, n_samples))
        else:
            n_samples = round(take.expected_duration_s * rate_hz)
        end = position + n_samples
        position = end + round(pause_s * rate_hz)
    return tuple(placements), end


def _named_parts(chapter: ChapterTakes, profile: Profile, rules: PauseRules) -> list[tuple[str, Sequence[BookTake]]]:
    """Split a chapter into parts with titles and takes; each part starts and ends with a synthesized take."""
    parts = [part for part in map(_trimmed, _parts(chapter.takes, profile, rules)) if part]
    if len(parts) == 1:
        return [(chapter.title, parts[0])]
    return [(f"{chapter.title} (part {n} of {len(parts)})", part) for n, part in enumerate(parts, start=1)]


def _trimmed(takes: Sequence[BookTake]) -> Sequence[BookTake]:
    spoken = [index for index, take in enumerate(takes) if take.is_spoken]
    return takes[spoken[0] : spoken[-1] + 1] if spoken else ()


def _parts(takes: Sequence[BookTake], profile: Profile, rules: PauseRules) -> Iterator[Sequence[BookTake]]:
    """Split takes into parts that fit the profile's maximum duration, between paragraphs if possible."""
    limit_s = (profile.max_duration_s or float("inf")) - profile.head_s - profile.tail_s
    start, boundary, length_s = 0, 0, 0.0
    for index, take in enumerate(takes):
        if index and is_new_block(takes[index - 1], take):
            boundary = index
        length_s += _duration_s(take)
        if length_s > limit_s and index > start:
            cut = boundary if boundary > start else index
            yield takes[start:cut]
            start = cut
            length_s = sum(map(_duration_s, takes[start : index + 1])) + sum(_pauses(takes[start : index + 1], rules))
        if index + 1 < len(takes):
            length_s += pause_after_s(take, takes[index + 1], rules)
    yield takes[start:]


def _pauses(takes: Sequence[BookTake], rules: PauseRules) -> list[float]:
    return [pause_after_s(take, following, rules) for take, following in pairwise(takes)]


def _duration_s(take: BookTake) -> float:
    return take.n_samples / take.rate_hz if take.is_spoken else take.expected_duration_s
