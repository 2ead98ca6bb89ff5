import numpy as np
import pytest
from scipy import signal

from hierbatch.audio.limiter import limit
from hierbatch.audio.peak import CONTEXT_SAMPLES, interpolated_peaks
from tests.audio.signals import in_blocks, speech_like, tone

RATE_HZ = 44_100


def limited(samples, ceiling_dbtp=-3.0, n_block=10_000):
    return np.concatenate(list(limit(in_blocks(samples, n_block), RATE_HZ, ceiling_dbtp)))


def independent_true_peak(samples):
    """By a Fourier transform at 16 times the rate: shares nothing with the limiter's own measure."""
    padded = np.pad(samples.astype(np.float64), 4_000)
    return 20 * np.log10(np.abs(signal.resample(padded, len(padded) * 16)).max())


def faded(samples):
    """Without hard edges, at which any interpolation rings."""
    return (samples * signal.windows.tukey(len(samples), 0.02)).astype(np.float32)


def speech_with_clicks():
    sound = speech_like(1.0, RATE_HZ, 1).samples
    sound[np.random.default_rng(3).integers(500, len(sound) - 500, 5)] = 3.0
    return signal.filtfilt(*signal.butter(4, 0.8), sound)  # as a converter gives them: nothing at the band's very edge


def swelling_noise():
    noise = signal.resample_poly(np.random.default_rng(3).standard_normal(RATE_HZ // 2), 2, 1)
    return noise * np.linspace(0, 2, len(noise))


HOT = {
    "speech": speech_like(1.5, RATE_HZ, level_db=-8).samples,
    "clicks": faded(speech_with_clicks()),
    "noise": faded(swelling_noise()),
    "hidden crests": faded(tone(RATE_HZ / 4, 0.5, RATE_HZ, 3.0, np.pi / 4)),
    "loud from the start": faded(tone(220, 0.5, RATE_HZ, 6.0, np.pi / 2)),
}


@pytest.mark.parametrize("name", HOT)
@pytest.mark.parametrize("ceiling_dbtp", [-1.0, -3.5])
def test_nothing_passes_the_ceiling(name, ceiling_dbtp):
    assert independent_true_peak(HOT[name]) > ceiling_dbtp + 3
    got = limited(HOT[name], ceiling_dbtp)
    assert len(got) == len(HOT[name])
    assert ceiling_dbtp - 1 <= independent_true_peak(got) <= ceiling_dbtp + 0.02


def test_a_lone_first_sample_is_limited_too():
    samples = np.concatenate([[2.0], np.zeros(999)]).astype(np.float32)
    assert 0 < np.abs(limited(samples)).max() <= 10 ** (-3 / 20)


def test_below_the_ceiling_every_sample_is_the_same():
    samples = speech_like(1.0, RATE_HZ, level_db=-30).samples
    np.testing.assert_array_equal(limited(samples), samples)


def test_a_loud_moment_leaves_the_rest_alone():
    quiet = speech_like(2.0, RATE_HZ, level_db=-30).samples
    samples = quiet.copy()
    samples[RATE_HZ : RATE_HZ + 400] += tone(500, 400 / RATE_HZ, RATE_HZ, 3)
    got = limited(samples)
    before, after = slice(0, RATE_HZ - 300), slice(RATE_HZ + RATE_HZ // 4, None)
    np.testing.assert_array_equal(got[before], quiet[before])
    np.testing.assert_array_equal(got[after], quiet[after])


def test_no_delay_and_no_change_of_shape():
    samples = tone(220, 1.0, RATE_HZ, 6.0)
    got = limited(samples)
    inside = slice(4_000, -4_000)
    ratio = np.dot(got[inside], samples[inside]) / np.dot(samples[inside], samples[inside])
    np.testing.assert_allclose(got[inside], samples[inside] * ratio, atol=5e-3)


def plainly_limited(samples, ceiling_dbtp):
    """The three steps by their definition, one sample at a time, without streaming."""
    ceiling, n_ahead = 10 ** ((ceiling_dbtp - 0.1) / 20), round(0.005 * RATE_HZ)
    peaks = interpolated_peaks(np.pad(samples, CONTEXT_SAMPLES)).astype(np.float64)
    held, last = np.zeros(len(samples) + 2 * n_ahead), 0.0
    for i, peak in enumerate(peaks):
        last = max(20 * np.log10(max(peak / ceiling, 1.0)), last - 60.0 / RATE_HZ, 0.0)
        held[n_ahead - 1 + i] = last
    window = signal.windows.hann(n_ahead + 2)[1:-1]
    ahead = np.array([held[i : i + n_ahead].max() for i in range(len(samples) + n_ahead - 1)])
    attenuation_db = [ahead[i : i + n_ahead] @ window / window.sum() for i in range(len(samples))]
    return samples * 10 ** (-np.array(attenuation_db) / 20)


@pytest.mark.parametrize("name", ["speech", "clicks"])
def test_agrees_with_the_definition(name):
    samples = HOT[name][: RATE_HZ // 2]
    got = limited(samples, -3.5)
    last = slice(0, len(samples) - 2 * round(0.005 * RATE_HZ))  # the definition above ends before the release does
    np.testing.assert_allclose(got[last], plainly_limited(samples, -3.5)[last], atol=1e-6)


@pytest.mark.parametrize("n_block", [1, 50, 219, 4_096, 10**6])
def test_streaming_is_the_same_as_whole(n_block):
    samples = speech_like(0.2, RATE_HZ, level_db=-8).samples
    np.testing.assert_allclose(limited(samples, n_block=n_block), limited(samples, n_block=len(samples)), atol=1e-6)


@pytest.mark.parametrize("n_samples", [0, 1, 5, 30, 500])
def test_short_sounds_keep_their_length(n_samples):
    samples = np.full(n_samples, 0.9, np.float32)
    got = limited(samples)
    assert len(got) == n_samples
    assert (np.abs(got) <= 10 ** (-3 / 20)).all()
