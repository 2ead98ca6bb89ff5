"""Distribution of voices: draws are reproducible, belong to nobody, and have the attributes they were drawn for."""

import numpy as np
import pytest

from hierbatch.audio.spectrum import N_MELS
from hierbatch.errors import BundleError, InputError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.jobs.voices.design import TEST_TEXTS
from hierbatch.models.lite.voice_space import (
    ARRAYS,
    ATTRIBUTES,
    PACE_UNIT,
    SPACE_FILE,
    VoiceSpace,
    features_of,
    load_voice_space,
    voice_space_bytes,
)
from hierbatch.models.weights.bundle import find_bundle
from tests.tiny_bundle import write_tiny_bundle

N_STYLES, N_COMPONENTS = 16, 6
N_FEATURES = 2 * N_STYLES + 2 + 2 * N_MELS


def made_space(same_speaker_distance: float = 0.5) -> VoiceSpace:
    generator = np.random.default_rng(0)
    basis, _ = np.linalg.qr(generator.standard_normal((N_FEATURES, N_COMPONENTS)))
    mean = np.zeros(N_FEATURES)
    mean[2 * N_STYLES : 2 * N_STYLES + 2] = np.log([150.0, 3.0])
    attribute_map = generator.standard_normal((len(ATTRIBUTES), N_COMPONENTS)) / 3
    arrays = {
        "mean": mean,
        "components": 0.3 * basis.T,
        "projection": basis / 0.3,
        "speakers": generator.standard_normal((40, N_COMPONENTS)),
        "frames_semantic": generator.standard_normal((50, 8)),
        "frames_mel": generator.standard_normal((50, 2 * N_MELS)),
        "attribute_mean": np.zeros(len(ATTRIBUTES)),
        "attribute_deviation": np.ones(len(ATTRIBUTES)),
        "attribute_map": attribute_map,
        "attribute_residual": np.diag(np.full(len(ATTRIBUTES), 0.2)),
        "reference_db": np.zeros(N_MELS),
        "femininity_weights": np.array([0.3, 5.0, 0.0]),
    }
    arrays = {name: value.astype(np.float32) for name, value in arrays.items()}
    return VoiceSpace(**arrays, same_speaker_distance=same_speaker_distance, weights_sha256="0" * 64)


def test_a_seed_gives_the_same_voice_and_another_seed_another_one():
    space = made_space()
    one, again, other = (space.sample_point(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


def test_every_draw_is_farther_from_each_speaker_than_clips_of_one_speaker_are():
    space = made_space(same_speaker_distance=1.5)
    generator = np.random.default_rng(0)
    for _ in range(50):
        assert space.nearest_distance(space.sample_point(generator)) > 1.5
    with pytest.raises(BundleError):
        made_space(same_speaker_distance=100.0).sample_point(generator)


def test_draws_have_the_attributes_they_are_drawn_for_and_spread_in_the_others():
    space, generator = made_space(), np.random.default_rng(0)
    means, spreads = {}, {}
    for target in (-1.5, 1.5):
        points = np.stack([space.sample_point(generator, {"pitch": target}) for _ in range(300)])
        attributes = points @ space.attribute_map.T
        means[target], spreads[target] = attributes.mean(0), attributes.std(0)
    row = space.attribute_map[0]
    expected = 1.5 * (row @ row) / (row @ row + 0.2)  # conditional mean of a Gaussian
    assert means[1.5][0] == pytest.approx(expected, abs=0.15)
    assert means[-1.5][0] == pytest.approx(-expected, abs=0.15)
    assert spreads[1.5][1:].min() > 0.2


def test_a_voice_of_a_point_has_the_features_of_the_point():
    space = made_space()
    point = space.sample_point(np.random.default_rng(3))
    voice = space.voice_at(point)
    np.testing.assert_allclose(features_of(voice), space.mean + point @ space.components, atol=0.02)
    np.testing.assert_allclose((features_of(voice) - space.mean) @ space.projection, point, atol=0.1)


def test_a_file_is_read_in_half_precision_and_only_with_its_weights(tmp_path):
    bundle = find_bundle(write_tiny_bundle(tmp_path / "tiny"))
    with pytest.raises(BundleError, match="no distribution"):
        load_voice_space(bundle)
    space = made_space()
    arrays = {name: getattr(space, name) for name in ARRAYS}

    def write(weights_sha256: str) -> None:
        page = {"same_speaker_distance": 0.5, "weights_sha256": weights_sha256}
        (bundle.folder / SPACE_FILE).write_bytes(voice_space_bytes(arrays, page))

    write(bundle.weights_sha256)
    np.testing.assert_allclose(load_voice_space(bundle).speakers, space.speakers, rtol=1e-3)
    write("1" * 64)
    with pytest.raises(BundleError, match="other weights"):
        load_voice_space(bundle)
    (bundle.folder / SPACE_FILE).write_bytes(b"nothing")
    with pytest.raises(BundleError, match="damaged"):
        load_voice_space(bundle)


def test_the_packaged_distribution_belongs_to_the_packaged_weights_and_gives_usable_voices():
    space = load_voice_space(find_bundle("lite"))
    for seed in range(5):
        voice = space.voice_at(space.sample_point(np.random.default_rng(seed)))
        assert 60 < voice.median_f0_hz < 400
        assert all(np.isfinite(array).all() for array in (voice.text_style, voice.sound_style, voice.mel))


@pytest.mark.parametrize("targets", [{"age": 1.0}, {"pitch": float("nan")}, {"pace": float("inf"), "pitch": 0.0}])
def test_only_finite_values_of_attributes_are_targets(targets):
    with pytest.raises(InputError, match="pitch, femininity"):
        made_space().sample_point(np.random.default_rng(0), targets)


@pytest.fixture
def write_space(tmp_path):
    """Write the file of a distribution into a tiny bundle, and return the bundle."""
    bundle = find_bundle(write_tiny_bundle(tmp_path / "tiny"))
    arrays = {name: getattr(made_space(), name) for name in ARRAYS}

    def write(changes=None, **page):
        page = {"same_speaker_distance": 0.5, "weights_sha256": bundle.weights_sha256} | page
        (bundle.folder / SPACE_FILE).write_bytes(voice_space_bytes(arrays | (changes or {}), page))
        return bundle

    return write


@pytest.mark.parametrize(
    "changes",
    [
        {"components": np.zeros(4)},
        {"attribute_map": np.zeros((len(ATTRIBUTES), N_COMPONENTS + 1))},
        {"speakers": np.zeros((3, 2))},
        {"attribute_mean": np.zeros(3)},
        {"mean": np.full(N_FEATURES, np.nan)},
    ],
)
def test_a_distribution_whose_arrays_do_not_fit_each_other_is_damaged(write_space, changes):
    with pytest.raises(BundleError, match="damaged"):
        load_voice_space(write_space(changes))


def test_the_pace_of_a_file_without_a_unit_is_converted_from_characters_to_tokens(write_space):
    pace = ATTRIBUTES.index("pace")
    changes = {"attribute_mean": np.full(len(ATTRIBUTES), 30.0)}
    assert load_voice_space(write_space(changes, pace_unit=PACE_UNIT)).attribute_mean[pace] == 30.0
    phonemes = SpeechFrontEnd(versions=find_bundle("lite").frontend_versions).phonemize(TEST_TEXTS["en"], "en").phonemes
    converted = load_voice_space(write_space(changes)).attribute_mean
    assert converted[pace] == pytest.approx(30.0 * len(phonemes.split()) / len(phonemes))
    assert set(np.delete(converted, pace)) == {30.0}
