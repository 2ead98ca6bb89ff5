"""Takes on a timeline, made by code."""

from hierbatch.delivery.pauses import PauseRules
from hierbatch.delivery.profiles import PROFILES
from hierbatch.delivery.takes import BookTake, ChapterTakes
from hierbatch.delivery.timeline import plan_chapters

RULES = PauseRules(sentence_s=0.25, paragraph_s=0.5, heading_s=1.0)
ACX = PROFILES["acx"]
RATE_HZ = 44_100


def take(seq, kind="paragraph", source_ref="p1", duration_s=1.0, is_spoken=True, pause_after_s=None):
    return BookTake(
        id=f"s{seq}",
        chapter=1,
        sentence_index=seq,
        kind=kind,
        source_ref=source_ref,
        pause_after_s=pause_after_s,
        is_spoken=is_spoken,
        expected_duration_s=duration_s,
        rate_hz=16_000 if is_spoken else 0,
        n_samples=round(duration_s * 16_000) if is_spoken else 0,
    )


def planned(takes, profile=ACX, edges=(0.0, 0.0)):
    return plan_chapters([ChapterTakes(1, "One", tuple(takes))], profile, RATE_HZ, RULES, lambda _: edges)
