import sys
from pathlib import Path

import numpy as np
import pytest

from hierbatch.audio.files import read_sound
from hierbatch.audio.noise import mix_denoised, reduce_noise
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import ProgramError

NARRATOR = Path(__file__).parents[2] / "manifests" / "voices" / "narrator.flac"


@pytest.fixture(scope="module")
def spoken():
    recording = read_sound(NARRATOR.read_bytes())
    return Waveform(recording.samples[: 3 * recording.rate_hz], recording.rate_hz)


def with_noise(sound, snr_db):
    noise = np.random.default_rng(1).standard_normal(sound.n_samples)
    noise *= np.sqrt((sound.samples**2).mean() / (noise**2).mean()) * 10 ** (-snr_db / 20)
    return Waveform(sound.samples + noise.astype(np.float32), sound.rate_hz)


def snr_db(wanted, found):
    return 10 * np.log10((wanted.samples**2).sum() / ((wanted.samples - found.samples) ** 2).sum())


def test_speech_is_nearer_to_itself_once_its_noise_is_turned_down(spoken):
    noisy = with_noise(spoken, 8.0)
    clean = reduce_noise(noisy)
    assert (clean.rate_hz, clean.n_samples) == (noisy.rate_hz, noisy.n_samples)
    assert snr_db(spoken, noisy) == pytest.approx(8.0, abs=0.1)
    assert snr_db(spoken, clean) > 10.5


def test_nothing_moves_in_time(spoken):
    clean = reduce_noise(spoken).samples
    lags = range(-40, 41)
    fits = [float(np.dot(spoken.samples[50:-50], np.roll(clean, -lag)[50:-50])) for lag in lags]
    assert lags[int(np.argmax(fits))] == 0


@pytest.mark.parametrize("n_samples", [1, 479, 480, 7777])
def test_any_length_is_preserved(n_samples):
    sound = Waveform(np.full(n_samples, 0.1, np.float32), 22_050)
    assert reduce_noise(sound).n_samples == n_samples


def test_a_ratio_mixes_in_a_straight_line(spoken):
    clean = reduce_noise(spoken).samples
    assert np.array_equal(mix_denoised(spoken, 0.0).samples, spoken.samples)
    assert np.allclose(mix_denoised(spoken, 1.0).samples, clean, atol=1e-6)
    assert np.allclose(mix_denoised(spoken, 0.25).samples, 0.75 * spoken.samples + 0.25 * clean, atol=1e-6)


def test_without_the_package_the_error_names_it(spoken, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrnnoise.rnnoise", None)
    with pytest.raises(ProgramError, match=r"hierbatch\[denoise\]"):
        reduce_noise(spoken)
