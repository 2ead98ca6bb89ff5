import math

import numpy as np
import pytest
from pydub import AudioSegment

from hierbatch.audio.level_meter import LevelMeter
from tests.audio.signals import in_blocks, speech_like, tone


def metered(samples, rate_hz=16_000, n_block=4_000):
    meter = LevelMeter(rate_hz, 1 if samples.ndim == 1 else samples.shape[1])
    for block in in_blocks(samples, n_block):
        meter.push(block)
    return meter


def test_a_full_scale_sine_is_3_db_under_a_square_wave():
    assert metered(tone(1_000, 1, 16_000)).rms_db() == pytest.approx(-3.01, abs=0.01)
    assert metered(np.ones(16_000, np.float32)).rms_db() == pytest.approx(0)


def test_levels_agree_with_pydub():
    sound = speech_like(2.0, level_db=-20)
    pcm = np.round(sound.samples * 32767).astype("<i2")
    segment = AudioSegment(pcm.tobytes(), frame_rate=16_000, sample_width=2, channels=1)
    meter = metered((pcm / 32768).astype(np.float32))
    assert meter.rms_db() == pytest.approx(segment.dBFS, abs=0.01)
    assert meter.peak_db() == pytest.approx(segment.max_dBFS, abs=0.01)
    assert meter.duration_s == pytest.approx(segment.duration_seconds)


def test_noise_floor_is_the_quietest_half_second():
    random = np.random.default_rng(0)
    room = (10 ** (-65 / 20) * random.standard_normal(16_000)).astype(np.float32)
    sound = np.concatenate([speech_like(1.0).samples, room, speech_like(1.0).samples])
    assert metered(sound).noise_floor_db() == pytest.approx(-65, abs=0.5)


def test_silence_at_the_edges_is_found_to_a_frame():
    random = np.random.default_rng(0)
    sound = np.concatenate([np.zeros(12_000), tone(300, 1, 16_000, -10), np.zeros(32_000)])
    noisy = (sound + 10 ** (-62 / 20) * random.standard_normal(len(sound))).astype(np.float32)
    assert metered(noisy).edge_silence_s() == pytest.approx((0.75, 2.0), abs=0.011)


@pytest.mark.parametrize("n_samples", [0, 1, 100, 16_000])
def test_silence_of_any_length_measures(n_samples):
    meter = metered(np.zeros(n_samples, np.float32))
    assert meter.rms_db() == meter.peak_db() == meter.noise_floor_db() == -math.inf
    assert meter.edge_silence_s() == (n_samples / 16_000, n_samples / 16_000)


@pytest.mark.parametrize("n_block", [1, 333, 100_000])
def test_streaming_is_the_same_as_whole(n_block):
    sound = speech_like(0.7, lead_s=0.1).samples
    whole, streamed = metered(sound, n_block=len(sound)), metered(sound, n_block=n_block)
    for measure in ("rms_db", "peak_db", "noise_floor_db", "edge_silence_s"):
        assert getattr(streamed, measure)() == pytest.approx(getattr(whole, measure)(), abs=1e-9)


def test_stereo_counts_both_channels():
    left = tone(1_000, 1, 16_000)
    meter = metered(np.stack([left, np.zeros_like(left)], axis=1))
    assert meter.rms_db() == pytest.approx(-6.02, abs=0.01)
    assert meter.peak_db() == pytest.approx(0, abs=0.01)
