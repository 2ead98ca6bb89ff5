import numpy as np
import pytest

from hierbatch.errors import InputError
from hierbatch.training.perturbation import (
    PerturbationSettings,
    change_pitch,
    change_voice,
    draw_ratio,
    equalizer_response,
    perturb,
    warp_envelope,
)
from hierbatch.training.perturbed_features import PerturbedFeatures, has_perturbed_features, write_perturbed_features
from hierbatch.training.prepared import PreparedSet
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.prepared_files import write_prepared


def vowel(f0_hz=140.0, formant_hz=700.0, duration_s=0.8):
    times = np.arange(int(16_000 * duration_s)) / 16_000
    harmonics = np.arange(1, int(7000 / f0_hz))
    levels = 1 / (1 + ((harmonics * f0_hz - formant_hz) / 150) ** 2)
    return 0.05 * (levels[:, None] * np.sin(2 * np.pi * harmonics[:, None] * f0_hz * times)).sum(0)


def spectrum_of(sound):
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    return np.fft.rfftfreq(len(sound), 1 / 16_000), power


def test_pitch_and_formant_move_by_their_ratios():
    changed = change_voice(vowel(), formants=1.3, pitch=1.5, pitch_range=1.0)
    frequencies_hz, power = spectrum_of(changed[3200:-3200])
    assert len(changed) == len(vowel())
    near = (frequencies_hz > 600) & (frequencies_hz < 1300)
    centre_hz = (frequencies_hz * power)[near].sum() / power[near].sum()
    assert centre_hz == pytest.approx(910, rel=0.1)
    peaks = frequencies_hz[np.argsort(power)[-40:]]
    assert np.all(np.abs(peaks / 210 - np.round(peaks / 210)) < 0.05)


def test_the_range_of_the_pitch_is_scaled_around_its_median():
    f0_hz = np.array([0.0, 100, 200, 400])
    assert change_pitch(f0_hz, 1.0, 0.5) == pytest.approx([0, 200 / 2**0.5, 200, 200 * 2**0.5])
    assert change_pitch(f0_hz, 0.5, 1.0) == pytest.approx([0, 50, 100, 200])
    assert not change_pitch(np.zeros(3), 2.0, 1.0).any()


def test_an_envelope_is_stretched():
    peak = np.exp(-0.5 * ((np.arange(200) - 60) / 5) ** 2)[None]
    assert np.argmax(warp_envelope(peak, 1.5)[0]) == 90
    assert np.argmax(warp_envelope(peak, 0.5)[0]) == 30
    assert warp_envelope(peak, 1.0) == pytest.approx(peak)


def test_ratios_are_inverted_half_of_the_time():
    random = np.random.default_rng(0)
    ratios = np.array([draw_ratio(random, 1.4) for _ in range(2000)])
    assert ratios.min() >= 1 / 1.4
    assert ratios.max() <= 1.4
    assert 0.45 < (ratios > 1).mean() < 0.55


def test_the_equalizer_stays_within_its_gains():
    frequencies_hz = np.linspace(20, 7900, 500)
    one_band = PerturbationSettings(n_peaks=0, gain_db=12)
    levels_db = [
        20 * np.log10(equalizer_response(frequencies_hz, np.random.default_rng(i), one_band)) for i in range(9)
    ]
    assert max(np.abs(level).max() for level in levels_db) < 2 * 12 + 8
    whole = [equalizer_response(frequencies_hz, np.random.default_rng(i), PerturbationSettings()) for i in range(9)]
    spreads_db = [np.ptp(20 * np.log10(response)) for response in whole]
    assert 6 < np.median(spreads_db) < 40
    flat = equalizer_response(frequencies_hz, np.random.default_rng(1), PerturbationSettings(gain_db=0.0))
    assert flat == pytest.approx(1)


def test_a_perturbed_recording_has_its_length_and_is_reproducible():
    sound = vowel().astype(np.float32)
    first, again = (perturb(sound, np.random.default_rng(5)) for _ in range(2))
    assert first.shape == sound.shape
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.allclose(first, perturb(sound, np.random.default_rng(6)), atol=0.01)


def loudness(samples):
    return np.repeat(np.log(np.square(samples.reshape(-1, 320)).mean(1, keepdims=True) + 1e-6), 64, axis=1)


def test_versions_are_stored_beside_the_features(tmp_path):
    folder = write_prepared(tmp_path / "prepared", MadeSpeech(n_utterances=3, n_frames=(20, 30), channels=64))
    assert not has_perturbed_features(folder)
    with pytest.raises(InputError, match="train perturb"):
        PerturbedFeatures(folder, 64)
    lines = []
    write_perturbed_features(folder, 2, loudness, lines.append)
    write_perturbed_features(folder, 2, loudness, lines.append)
    assert lines == ["made: 2 versions of 3 utterances"]
    prepared, found = PreparedSet(folder), PerturbedFeatures(folder, 64)
    for utterance in prepared.utterances:
        versions = [found.read(utterance, version) for version in range(2)]
        assert all(vectors.shape == (utterance.n_frames, 64) for vectors in versions)
        assert not np.array_equal(*versions)
        assert np.array_equal(found.read(utterance, 1, 3, 5), versions[1][3:8])
    with pytest.raises(InputError, match="another number"):
        write_perturbed_features(folder, 3, loudness, lines.append)
