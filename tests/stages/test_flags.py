from dataclasses import replace

import pytest

from hierbatch.audio.quality import TakeQuality
from hierbatch.models.speech import SelfAssessment
from hierbatch.stages.flags import flag_defects, flag_mismatches

GOOD = TakeQuality(
    loudness_lufs=-23.0,
    rms_db=-24.0,
    peak_db=-6.0,
    silence_ratio=0.1,
    longest_silence_s=0.4,
    clipped_samples=0,
    snr_db=50.0,
)


@pytest.mark.parametrize(
    ("changes", "duration_s", "expected_s", "flaws"),
    [
        ({}, 3.0, 3.0, ()),
        ({"peak_db": -80.0}, 3.0, 3.0, ("silent",)),
        ({"clipped_samples": 500}, 3.0, 3.0, ("clipped",)),
        ({"longest_silence_s": 4.0}, 9.0, 8.0, ("long_silence",)),
        ({}, 9.0, 3.0, ("too_long",)),
        ({}, 1.0, 3.0, ("too_short",)),
        ({}, 2.0, 0.5, ()),  # one word: its length says nothing
        ({"peak_db": -90.0, "clipped_samples": 90}, 30.0, 3.0, ("silent", "clipped", "too_long")),
    ],
)
def test_what_looks_wrong_is_named(changes, duration_s, expected_s, flaws):
    assert flag_defects(replace(GOOD, **changes), duration_s, expected_s) == flaws


@pytest.mark.parametrize(
    ("semantic_distance", "timbre_similarity", "slips"),
    [
        (0.15, 0.98, ()),
        (0.7, 0.98, ("off_text",)),
        (0.15, 0.7, ("off_voice",)),
        (0.7, 0.7, ("off_text", "off_voice")),
    ],
)
def test_mispronounced_words_are_named(semantic_distance, timbre_similarity, slips):
    assert (
        flag_mismatches(SelfAssessment(semantic_distance=semantic_distance, timbre_similarity=timbre_similarity))
        == slips
    )
