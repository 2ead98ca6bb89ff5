from itertools import combinations

import numpy as np
import pytest

from hierbatch.models.hierspeechpp.text_to_vector.alignment import search_alignment


def every_path(n_frames, n_symbols):
    """Each way to share frames among symbols in order, at least one each, as the symbol of every frame."""
    for borders in combinations(range(1, n_frames), n_symbols - 1):
        yield np.searchsorted(borders, np.arange(n_frames), side="right")


def test_no_other_path_is_better():
    random = np.random.default_rng(1)
    scores = random.standard_normal((6, 9, 5)).astype(np.float32)
    n_frames, n_symbols = np.array([9, 9, 5, 7, 9, 1]), np.array([5, 1, 5, 3, 4, 1])
    paths = search_alignment(scores, n_frames, n_symbols)
    for row, (frames, symbols) in enumerate(zip(n_frames, n_symbols, strict=True)):
        best = max(every_path(frames, symbols), key=lambda path, row=row: scores[row, np.arange(len(path)), path].sum())
        assert np.array_equal(paths[row, :frames].argmax(1), best)
        assert np.array_equal(paths[row].sum(1), np.arange(9) < frames)


def test_neighbours_and_padding_change_nothing():
    random = np.random.default_rng(2)
    scores = random.standard_normal((3, 40, 17)).astype(np.float32)
    n_frames, n_symbols = np.array([40, 22, 31]), np.array([11, 17, 2])
    together = search_alignment(scores, n_frames, n_symbols)
    for row, (frames, symbols) in enumerate(zip(n_frames, n_symbols, strict=True)):
        alone = search_alignment(
            scores[row : row + 1, :frames, :symbols], n_frames[row : row + 1], n_symbols[row : row + 1]
        )
        assert np.array_equal(together[row, :frames, :symbols], alone[0])
        assert together[row].sum() == frames


def test_more_symbols_than_frames_are_refused():
    with pytest.raises(ValueError, match="every symbol needs a frame"):
        search_alignment(np.zeros((1, 2, 3), np.float32), np.array([2]), np.array([3]))
