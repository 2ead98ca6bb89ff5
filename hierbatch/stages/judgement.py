"""What looks wrong with a take, from its measures alone."""

from __future__ import annotations

from hierbatch.audio.quality import TakeQuality

_SILENT_PEAK_DB = -50.0
_CLIPPED_SAMPLES = 8
_LONG_SILENCE_S = 2.0
_SHORTEST_RATIO, _LONGEST_RATIO = 0.4, 2.5
_JUDGED_FROM_S = 1.0


def find_flaws(quality: TakeQuality, duration_s: float, expected_s: float) -> tuple[str, ...]:
    """Flags of everything that a listener should look at; empty for a take that looks right.

    `expected_s` is the usual length of such a sentence; single words vary too much to be judged by it.
    """
    is_judged = expected_s >= _JUDGED_FROM_S
    found = {
        "silent": quality.peak_db < _SILENT_PEAK_DB,
        "clipped": quality.clipped_samples >= _CLIPPED_SAMPLES,
        "too_long": is_judged and duration_s > _LONGEST_RATIO * expected_s,
        "too_short": is_judged and duration_s < _SHORTEST_RATIO * expected_s,
        "long_silence": quality.longest_silence_s > _LONG_SILENCE_S,
    }
    return tuple(name for name, is_so in found.items() if is_so)
