"""Retail sample: the beginning of a book as one MP3 of at most five minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hierbatch.delivery.edition import Edition
from hierbatch.delivery.encode import find_format
from hierbatch.delivery.pauses import PauseRules
from hierbatch.delivery.profiles import find_profile
from hierbatch.delivery.takes import BookTake, ChapterTakes
from hierbatch.delivery.timeline import EdgeSilence, plan_chapters
from hierbatch.errors import RunError

MAX_SAMPLE_S = 300.0
"""Longest sample that ACX accepts, in seconds."""

SAMPLE_NAME = "sample.mp3"
_PROFILE = "acx"


def sample_edition(
    chapters: Sequence[ChapterTakes], edition: Edition, rules: PauseRules, edge_silence: EdgeSilence
) -> Edition:
    """Create the edition of the sample: the start of the first chapter with audio, without the opening credits.

    The sample ends at the end of a sentence.

    Args:
        chapters: chapters of the book, with their takes.
        edition: edition of the book, for tags and cover.
        rules: pauses between takes.
        edge_silence: function that measures the leading and trailing silence inside a take.

    Raises:
        RunError: no take is short enough for a sample.
    """
    profile = find_profile(_PROFILE)
    chapter = next((c for c in chapters if c.number > 0 and any(take.is_spoken for take in c.takes)), chapters[0])
    takes = _beginning(chapter.takes, MAX_SAMPLE_S - profile.head_s - profile.tail_s, rules)
    if not any(take.is_spoken for take in takes):
        raise RunError("There is no take for a sample", expected=f"one below {MAX_SAMPLE_S:g} s", fix="omit --sample")
    beginning = ChapterTakes(1, "Sample", takes)
    return replace(
        edition,
        profile=profile,
        rate_hz=profile.rate_hz,
        formats=(find_format("mp3"),),
        subtitles=(),
        timelines=plan_chapters([beginning], profile, profile.rate_hz, rules, edge_silence),
    )


def _beginning(takes: Sequence[BookTake], limit_s: float, rules: PauseRules) -> tuple[BookTake, ...]:
    """Takes from the start that last at most `limit_s` seconds, if each is followed by the longest possible pause."""
    longest_pause_s = max(rules.sentence_s, rules.paragraph_s, rules.heading_s)
    selected: list[BookTake] = []
    for take in takes:
        limit_s -= take.n_samples / take.rate_hz if take.is_spoken else take.expected_duration_s
        if limit_s < 0:
            break
        selected.append(take)
        limit_s -= max(longest_pause_s, take.pause_after_s or 0.0)
    return tuple(selected)
