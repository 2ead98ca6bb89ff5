"""Division of recordings: every utterance within the limits, at pauses, none of the speech lost."""

from itertools import pairwise

import numpy as np
import pytest

from hierbatch.audio.activity import TimeSpan
from hierbatch.audio.utterances import UtteranceLimits, divide_speech, take_span
from hierbatch.audio.waveform import Waveform

RATE_HZ = 1000


def recording(duration_s, quiet=()):
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.1, round(duration_s * RATE_HZ)).astype(np.float32)
    for start_s, end_s in quiet:
        samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] *= 0.01
    return Waveform(samples, RATE_HZ)


def test_short_pauses_are_joined_and_long_ones_are_not():
    speech = [TimeSpan(0, 3), TimeSpan(3.5, 6), TimeSpan(9, 12), TimeSpan(12.2, 25), TimeSpan(30, 31)]
    found = divide_speech(recording(40), speech, UtteranceLimits(min_duration_s=2, max_duration_s=14))
    assert found == (TimeSpan(0, 6), TimeSpan(9, 12), TimeSpan(12.2, 25))


def test_long_speech_is_divided_at_its_quietest_moments():
    whole = recording(20, quiet=[(6.9, 7.1), (13.4, 13.6)])
    found = divide_speech(whole, [TimeSpan(0, 20)], UtteranceLimits(min_duration_s=2, max_duration_s=9))
    assert [round(span.end_s, 1) for span in found] == [7.0, 13.5, 20.0]


@pytest.mark.parametrize("duration_s", [9.1, 17.9, 18.1, 60.0, 300.0])
def test_parts_are_within_the_limits_and_cover_the_speech(duration_s):
    limits = UtteranceLimits(min_duration_s=4, max_duration_s=9)
    found = divide_speech(recording(duration_s), [TimeSpan(0, duration_s)], limits)
    assert found[0].start_s == 0
    assert found[-1].end_s == duration_s
    assert all(one.end_s == other.start_s for one, other in pairwise(found))
    assert all(limits.min_duration_s <= span.duration_s <= limits.max_duration_s for span in found)


def test_a_span_is_its_samples():
    whole = recording(3)
    np.testing.assert_array_equal(take_span(whole, TimeSpan(1, 2.5)).samples, whole.samples[1000:2500])
