import math

import numpy as np
import pyloudnorm
import pytest

from hierbatch.audio.loudness import LoudnessMeter, k_weighting, measure_loudness
from tests.audio.signals import in_blocks, speech_like, tone


def stereo(samples):
    return np.stack([samples, samples], axis=1)


def test_k_weighting_is_the_standards_table_at_48_khz():
    # ITU-R BS.1770-4, tables 1 and 2
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585]
    low_cut = [1, -2, 1, 1, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(k_weighting(48_000), [shelf, low_cut], atol=1e-8)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("level_db", [-33.0, -23.0])
def test_stereo_997_hz_reads_its_own_level(rate_hz, level_db):
    # EBU Tech 3341, table 1, cases 1 and 2: +-0.1 LU
    assert measure_loudness(stereo(tone(997, 5, rate_hz, level_db)), rate_hz) == pytest.approx(level_db, abs=0.1)


def test_one_channel_reads_3_lu_less():
    # BS.1770-4: a 0 dB FS, 997 Hz sine in one channel reads -3.01 LKFS
    assert measure_loudness(tone(997, 5, 48_000), 48_000) == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # EBU Tech 3341, table 1, cases 3, 4 and 5 (durations shortened by the same factor): the gates at work
        ([(-36, 5), (-23, 30), (-36, 5)], -23.0),
        ([(-72, 5), (-36, 5), (-23, 30), (-36, 5), (-72, 5)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_gates_leave_out_what_the_standard_leaves_out(steps, expected):
    signal = np.concatenate([tone(997, duration_s, 48_000, level_db) for level_db, duration_s in steps])
    assert measure_loudness(stereo(signal), 48_000) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_pyloudnorm(rate_hz, seed):
    sound = speech_like(6.0, rate_hz, seed, level_db=-20.0 - 5 * seed, lead_s=0.5, trail_s=0.8)
    reference = pyloudnorm.Meter(rate_hz, filter_class="DeMan").integrated_loudness(sound.samples.astype(np.float64))
    assert measure_loudness(sound.samples, rate_hz) == pytest.approx(reference, abs=0.1)


@pytest.mark.parametrize("n_block", [1, 441, 4410, 100_000])
def test_streaming_is_the_same_as_whole(n_block):
    rate_hz = 8_000
    sound = speech_like(2.0, rate_hz).samples
    meter = LoudnessMeter(rate_hz)
    for block in in_blocks(sound, n_block):
        meter.push(block)
    assert meter.loudness_lufs() == pytest.approx(measure_loudness(sound, rate_hz), abs=1e-9)


@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros(96_000), tone(997, 0.399, 48_000), tone(997, 2, 48_000, -80)]
)
def test_what_has_no_loudness_is_minus_infinity(samples):
    assert measure_loudness(samples.astype(np.float32), 48_000) == -math.inf


def test_more_than_two_channels_are_refused():
    with pytest.raises(ValueError, match="n_channels is 6"):
        LoudnessMeter(48_000, 6)
