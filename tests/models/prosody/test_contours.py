"""Contours of words: projection, rendering, and the words of symbol sequences."""

from __future__ import annotations

import numpy as np
import torch

from hierbatch.models.prosody.contours import N_COEFFICIENTS, project_words, render_words
from hierbatch.models.prosody.words import NO_WORD, mean_by_word, word_bounds, word_of_symbols


def test_the_projection_of_a_cosine_is_its_coefficient() -> None:
    phase = (np.arange(20) + 0.5) / 20
    for order in range(N_COEFFICIENTS):
        found = project_words(np.cos(np.pi * order * phase).astype(np.float32), np.array([[0, 20]]))
        np.testing.assert_allclose(found[0], np.eye(N_COEFFICIENTS)[order], atol=1e-6)


def test_a_word_shorter_than_the_coefficients_is_reproduced() -> None:
    log_f0 = np.array([0.3, -0.2], np.float32)
    bounds = np.array([[0, 2]])
    coefficients = project_words(log_f0, bounds)
    assert not coefficients[0, 2:].any()
    phase = np.array([0.25, 0.75])
    np.testing.assert_allclose(coefficients[0, 0] + coefficients[0, 1] * np.cos(np.pi * phase), log_f0, atol=1e-6)


def test_contours_are_linear_between_words_and_constant_at_the_ends() -> None:
    coefficients = np.zeros((2, N_COEFFICIENTS), np.float32)
    coefficients[:, 0] = 1.0, 3.0
    contour = render_words(coefficients, np.array([[10, 30], [50, 70]]), 80)
    np.testing.assert_allclose(contour[:27], 1.0, atol=1e-6)
    np.testing.assert_allclose(contour[54:], 3.0, atol=1e-6)
    np.testing.assert_allclose(np.diff(contour[34:46]), 2.0 / 21, atol=1e-6)


def test_no_words_give_no_contour() -> None:
    assert not render_words(np.zeros((0, N_COEFFICIENTS), np.float32), np.zeros((0, 2), np.int64), 5).any()


def test_words_are_runs_of_symbols_between_silent_ones() -> None:
    words = word_of_symbols([9, 1, 2, 8, 3, 8, 8, 4, 5], {8, 9})
    assert words.tolist() == [NO_WORD, 0, 0, NO_WORD, 1, NO_WORD, NO_WORD, 2, 2]
    assert word_bounds(words, np.array([4, 1, 2, 0, 3, 1, 0, 2, 2])).tolist() == [[4, 7], [7, 10], [11, 15]]
    hidden = torch.arange(18.0).reshape(1, 9, 2)
    means, lengths = mean_by_word(hidden, torch.from_numpy(words)[None])
    assert lengths.tolist() == [3]
    assert means[0].tolist() == [[3.0, 4.0], [8.0, 9.0], [15.0, 16.0]]
