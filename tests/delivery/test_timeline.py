from itertools import pairwise

import pytest

from hierbatch.audio.resample import resampled_length
from hierbatch.delivery.profiles import PROFILES
from hierbatch.delivery.takes import ChapterTakes
from hierbatch.delivery.timeline import plan_chapters
from tests.delivery.planned_takes import ACX, RATE_HZ, RULES, planned, take


def gaps_s(timeline):
    return [(b.start_sample - a.end_sample) / RATE_HZ for a, b in pairwise(timeline.placements)]


def test_pauses_follow_their_reasons():
    takes = [
        take(0, "heading", "h1"),
        take(1),
        take(2),
        take(3, source_ref="p2"),
        take(4, source_ref="p2", pause_after_s=1.2),
        take(5, source_ref="p2"),
        take(6, "heading", "h2"),
        take(7, source_ref="p3", pause_after_s=0.0),
        take(8, source_ref="p4"),
    ]
    assert gaps_s(planned(takes)[0]) == pytest.approx([1.0, 0.25, 0.5, 0.25, 1.2, 1.0, 1.0, 0.0], abs=1e-4)


def test_two_sentences_of_one_heading_are_one_heading():
    assert gaps_s(planned([take(0, "heading", "h1"), take(1, "heading", "h1")])[0]) == pytest.approx([0.25], abs=1e-4)


@pytest.mark.parametrize("edges", [(0.0, 0.0), (0.3, 0.45), (1.2, 2.7)])
def test_head_and_tail_count_from_the_first_and_last_sound(edges):
    lead_s, trail_s = edges
    timeline = planned([take(0, duration_s=4.0), take(1, duration_s=4.0)], edges=edges)[0]
    first, last = timeline.placements
    assert first.start_sample / RATE_HZ + lead_s == pytest.approx(ACX.head_s, abs=1e-4)
    assert (timeline.n_samples - last.end_sample) / RATE_HZ + trail_s == pytest.approx(ACX.tail_s, abs=1e-4)


def test_lengths_are_those_the_resampler_gives():
    timeline = planned([take(0, duration_s=1.00003), take(1, duration_s=0.777)])[0]
    for placement in timeline.placements:
        assert placement.n_samples == resampled_length(placement.take.n_samples, 16_000, RATE_HZ)


def test_a_missing_row_leaves_its_expected_silence():
    timeline = planned([take(0), take(1, duration_s=2.0, is_spoken=False), take(2)])[0]
    assert timeline.missing == ("s1",)
    assert gaps_s(timeline) == pytest.approx([0.25 + 2.0 + 0.25], abs=1e-3)


def test_missing_rows_at_the_edges_do_not_stretch_head_and_tail():
    takes = [take(0, is_spoken=False), take(1), take(2, is_spoken=False)]
    timeline = planned(takes)[0]
    assert timeline.duration_s == pytest.approx(ACX.head_s + 1.0 + ACX.tail_s, abs=1e-3)


def test_a_chapter_with_nothing_spoken_is_left_out():
    chapters = [ChapterTakes(1, "One", (take(0, is_spoken=False),)), ChapterTakes(2, "Two", (take(0),))]
    timelines = plan_chapters(chapters, ACX, RATE_HZ, RULES, lambda _: (0, 0))
    assert [(timeline.number, timeline.title) for timeline in timelines] == [(1, "Two")]


def test_a_chapter_over_two_hours_is_split_between_paragraphs():
    takes = [
        take(sentence_index, source_ref=f"p{sentence_index // 7}", duration_s=60.0) for sentence_index in range(300)
    ]
    parts = planned(takes)
    assert [part.title for part in parts] == [f"One (part {n} of 3)" for n in (1, 2, 3)]
    assert [part.number for part in parts] == [1, 2, 3]
    assert all(part.duration_s <= ACX.max_duration_s for part in parts)
    assert parts[0].duration_s > 0.9 * ACX.max_duration_s
    assert [p.take.sentence_index for part in parts for p in part.placements] == list(range(300))
    assert all(part.placements[0].take.sentence_index % 7 == 0 for part in parts)


def test_one_endless_paragraph_is_split_between_sentences():
    parts = planned([take(sentence_index, duration_s=60.0) for sentence_index in range(130)])
    assert len(parts) == 2
    assert all(part.duration_s <= ACX.max_duration_s for part in parts)


def test_a_profile_without_a_limit_splits_nothing():
    assert (
        len(planned([take(sentence_index, duration_s=60.0) for sentence_index in range(300)], PROFILES["podcast"])) == 1
    )
