import numpy as np
import pytest

from hierbatch.audio.joining import RoomTone, fade_edges


def test_fades_begin_and_end_near_nothing_and_leave_the_middle():
    sound = np.ones(1_000, np.float32)
    faded = fade_edges(sound, 80)
    assert abs(faded[0]) < 1e-3
    assert abs(faded[-1]) < 1e-3
    np.testing.assert_array_equal(faded[80:-80], sound[80:-80])
    np.testing.assert_allclose(faded, faded[::-1], atol=1e-7)
    assert (sound == 1).all()


@pytest.mark.parametrize("n_samples", [0, 1, 2, 7])
def test_sounds_shorter_than_their_fades(n_samples):
    assert len(fade_edges(np.ones(n_samples, np.float32), 80)) == n_samples


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_room_tone_has_its_level_and_is_the_same_in_any_blocks(rate_hz):
    whole = RoomTone(rate_hz, -75).generate(rate_hz * 2)
    assert 20 * np.log10(np.sqrt(np.mean(whole.astype(np.float64) ** 2))) == pytest.approx(-75, abs=0.3)
    tone = RoomTone(rate_hz, -75)
    parts = np.concatenate([tone.generate(n) for n in (1, 999, rate_hz, rate_hz - 1_000)])
    np.testing.assert_allclose(parts, whole, atol=1e-9)
