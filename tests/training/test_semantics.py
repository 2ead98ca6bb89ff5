from pathlib import Path

import numpy as np

from hierbatch.training.semantics import SEMANTIC_CHANNELS, Projection, fit_projection


def features(n_frames: int = 4000) -> np.ndarray:
    rng = np.random.default_rng(0)
    strengths = np.linspace(5, 0.1, 96)
    mixing = np.linalg.qr(rng.normal(size=(96, 96)))[0]
    return ((rng.normal(size=(n_frames, 96)) * strengths) @ mixing).astype(np.float32)


def test_vectors_have_unit_mean_variance_and_strong_directions_weigh_more() -> None:
    data = features()
    vectors = fit_projection(data)(data)
    assert vectors.shape == (4000, SEMANTIC_CHANNELS)
    variances = vectors.var(0)
    assert abs(variances.mean() - 1) < 0.05
    assert variances[0] > 2 * variances[-1] > 0


def test_an_offset_of_the_whole_utterance_is_nearly_taken_out() -> None:
    data = features()
    projection = fit_projection(data)
    segment = data[:500]
    moved = projection(segment + 0.5 * projection.spread) - projection(segment)
    plain = 0.5 * projection.basis.sum(0)
    assert np.abs(moved).mean() < 0.2 * np.abs(plain).mean()


def test_projection_survives_its_file(tmp_path: Path) -> None:
    data = features(500)
    projection = fit_projection(data)
    projection.save(tmp_path / "projection.safetensors")
    np.testing.assert_array_equal(Projection.load(tmp_path / "projection.safetensors")(data), projection(data))
