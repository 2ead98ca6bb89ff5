"""Distribution of voices: draws are reproducible, belong to nobody, and have the attributes they were drawn for."""

import numpy as np
import pytest

from hierbatch.audio.spectrum import N_MELS
from hierbatch.errors import BundleError
from hierbatch.models.lite.voice_space import (
    ARRAYS,
    ATTRIBUTES,
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
