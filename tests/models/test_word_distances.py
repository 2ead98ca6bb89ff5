import numpy as np
import pytest

from hierbatch.models.word_distances import word_distances


@pytest.fixture
def vectors():
    return np.random.default_rng(0).standard_normal((12, 8)).astype(np.float32)


def test_a_word_like_its_text_has_no_distance_and_another_one_has(vectors):
    taken = vectors.copy()
    taken[4:8] = -vectors[4:8]
    spans = [(0, 4), (4, 8), (8, 12)]
    assert word_distances(taken, spans, vectors, spans) == pytest.approx([0, 2, 0], abs=1e-5)


def test_the_level_of_the_vectors_does_not_count(vectors):
    assert word_distances(3 * vectors, [(0, 12)], vectors, [(0, 12)]) == pytest.approx([0], abs=1e-5)


def test_a_slower_word_is_aligned(vectors):
    slow = np.repeat(vectors[:4], 3, axis=0)
    assert word_distances(slow, [(0, 12)], vectors, [(0, 4)]) == pytest.approx([0], abs=1e-5)
    assert word_distances(slow, [(0, 12)], vectors, [(4, 8)])[0] > 0.3


def test_a_word_without_frames_has_no_distance(vectors):
    assert np.isnan(word_distances(vectors, [(3, 3)], vectors, [(0, 2)])).all()


def test_other_numbers_of_words_are_refused(vectors):
    with pytest.raises(ValueError, match="zip"):
        word_distances(vectors, [(0, 2)], vectors, [(0, 2), (2, 4)])
