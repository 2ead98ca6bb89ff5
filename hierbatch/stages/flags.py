"""Quality flags of takes, from their measures alone."""

from __future__ import annotations

from hierbatch.audio.quality import TakeQuality
from hierbatch.models.speech import SelfAssessment

_SILENT_PEAK_DB = -50.0
_CLIPPED_SAMPLES = 8
_LONG_SILENCE_S = 2.0
_SHORTEST_RATIO, _LONGEST_RATIO = 0.4, 2.5
_MIN_EXPECTED_S = 1.0
# Of 72 English and Korean takes the largest distance was 0.28; takes of another text started at 0.59
# (benchmarks/text_match.py). Midway, since the distance varies slightly with the weights.
_OFF_TEXT_DISTANCE = 0.4
# Of 68 takes in 17 voices, including short ones, the lowest similarity was 0.96; against prompts of other voices the
# median was below 0.88 (benchmarks/voice_similarity.py).
_OFF_VOICE_SIMILARITY = 0.9
_MISHEARD_CER = 0.6


def flag_defects(quality: TakeQuality, duration_s: float, expected_s: float) -> tuple[str, ...]:
    """Names of the flags for defects of a take that a reviewer should check; empty for a good take.

    Args:
        quality: measures of the samples.
        duration_s: duration of the take.
        expected_s: expected duration of the take; the duration is not checked if less than 1 s is expected, since the
            durations of such short takes vary too much.
    """
    has_expectation = expected_s >= _MIN_EXPECTED_S
    found = {
        "silent": quality.peak_db < _SILENT_PEAK_DB,
        "clipped": quality.clipped_samples >= _CLIPPED_SAMPLES,
        "too_long": has_expectation and duration_s > _LONGEST_RATIO * expected_s,
        "too_short": has_expectation and duration_s < _SHORTEST_RATIO * expected_s,
        "long_silence": quality.longest_silence_s > _LONG_SILENCE_S,
    }
    return tuple(name for name, is_set in found.items() if is_set)


def flag_mismatches(assessment: SelfAssessment) -> tuple[str, ...]:
    """Names of the flags for words that differ from the text and a voice that differs from the prompt; may be empty."""
    found = {
        "off_text": assessment.semantic_distance > _OFF_TEXT_DISTANCE,
        "off_voice": assessment.timbre_similarity < _OFF_VOICE_SIMILARITY,
    }
    return tuple(name for name, is_set in found.items() if is_set)


def is_misheard(cer: float) -> bool:
    """Return True if the character error rate of the transcript is so high that a reviewer should check the take."""
    return cer > _MISHEARD_CER
