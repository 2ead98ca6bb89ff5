"""What looks wrong with a take, from its measures alone."""

from __future__ import annotations

from hierbatch.audio.quality import TakeQuality
from hierbatch.models.speech import Hearing

_SILENT_PEAK_DB = -50.0
_CLIPPED_SAMPLES = 8
_LONG_SILENCE_S = 2.0
_SHORTEST_RATIO, _LONGEST_RATIO = 0.4, 2.5
_JUDGED_FROM_S = 1.0
# Of 72 takes of English and Korean the farthest lay at 0.28, those of another text from 0.59 on
# (benchmarks/words_heard.py); in the middle, since the distance moves a little with the weights.
_OFF_TEXT_DIST = 0.4
# Of 68 takes in 17 voices, short ones too, the farthest lay at 0.96; against other voices' prompts half lay under 0.88
# (benchmarks/voice_likeness.py).
_OFF_VOICE_SIMILARITY = 0.9
_MISHEARD_ERROR = 0.6


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


def find_slips(hearing: Hearing) -> tuple[str, ...]:
    """Flags of a take in which other words are heard than those meant, or somebody else."""
    found = {
        "off_text": hearing.semantic_dist > _OFF_TEXT_DIST,
        "off_voice": hearing.timbre_similarity < _OFF_VOICE_SIMILARITY,
    }
    return tuple(name for name, is_so in found.items() if is_so)


def is_misheard(character_error: float) -> bool:
    """Whether a recogniser heard so little of a text that a listener should look at it."""
    return character_error > _MISHEARD_ERROR
