"""Sampled prosody in Lite: durations and contours follow the samples, all else stays."""

from __future__ import annotations

import numpy as np
import torch

from hierbatch.frontend.phonemes import encode
from hierbatch.models.lite.text_to_vector import PredictedFrames
from hierbatch.models.lite.word_prosody import SampledProsody, recorded_values, sample_prosody
from hierbatch.models.prosody.contours import project_words
from hierbatch.models.prosody.network import ProsodyNetwork
from hierbatch.models.prosody.words import word_bounds
from tests.tiny_lite import tiny_config

IDS = encode("h ə l ˈoʊ , w ˈɝ l d .", "en")
DURATIONS = np.array([3, 2, 3, 4, 8, 5, 6, 7, 5, 4, 3])
WORDS = np.array([-1, 0, 0, 0, 0, -1, 1, 1, 1, 1, -1])


def sampled_of(values: np.ndarray) -> SampledProsody:
    return SampledProsody(torch.from_numpy(WORDS)[None], torch.from_numpy(values)[None], torch.tensor([True]))


def test_durations_of_words_are_scaled_and_pauses_kept() -> None:
    values = np.zeros((2, 5), np.float32)
    values[:, -1] = np.log(2.0), np.log(0.5)
    scaled = torch.expm1(
        sampled_of(values).scale_durations(torch.log1p(torch.tensor(DURATIONS, dtype=torch.float))[None])
    )
    factors = np.choose(WORDS + 1, [1.0, 2.0, 0.5])
    np.testing.assert_allclose(scaled[0].numpy(), DURATIONS * factors, rtol=1e-4)


def test_contours_are_those_sampled_and_the_fine_structure_stays() -> None:
    rng = np.random.default_rng(0)
    n_frames = 2 * int(DURATIONS.sum())
    log_f0 = (0.2 * np.sin(np.arange(n_frames) / 9) + 0.02 * rng.standard_normal(n_frames)).astype(np.float32)
    predicted = PredictedFrames(
        torch.zeros(1, n_frames // 2, 4), torch.from_numpy(log_f0)[None], torch.ones(1, n_frames)
    )
    values = np.array([[0.3, 0.1, 0, 0, 0], [-0.1, -0.2, 0, 0, 0]], np.float32)
    changed = sampled_of(values).replace_contours(predicted, torch.from_numpy(DURATIONS)[None])
    assert changed.semantic is predicted.semantic
    assert changed.voicing is predicted.voicing
    bounds = word_bounds(WORDS, DURATIONS) * 2
    found = project_words(changed.log_f0[0].numpy(), bounds)
    np.testing.assert_allclose(found, values[:, :4], atol=0.06)  # smoothing between words moves their edges
    fast = np.diff(changed.log_f0[0].numpy() - log_f0)
    assert np.abs(fast).max() < 0.06, "the change has no steps"


def test_recorded_values_of_a_rendered_contour_are_its_coefficients() -> None:
    f0_hz = np.full(2 * DURATIONS.sum(), 200.0, np.float32)
    f0_hz[2 * 25 : 2 * 47] = 100.0  # the second word
    values = recorded_values(IDS, DURATIONS, DURATIONS * 0.5, f0_hz, 100.0)
    np.testing.assert_allclose(values[:, 0], [np.log(2.0), 0.0], atol=1e-5)
    np.testing.assert_allclose(values[:, -1], np.log(2.0), atol=1e-5)


@torch.no_grad()
def test_rows_depend_on_their_own_seed_and_only_above_a_temperature_of_zero() -> None:
    torch.manual_seed(0)
    config = tiny_config()
    network = ProsodyNetwork(config.prosody).eval()
    hidden, style = torch.randn(1, len(IDS.symbols), config.text_width), torch.randn(1, config.style_channels)

    def values(seed: int, temperature: float, n_rows: int = 1) -> torch.Tensor:
        rows = hidden.expand(n_rows, -1, -1), style.expand(n_rows, -1)
        seeds, temperatures = [seed + row for row in range(n_rows)], [temperature] * n_rows
        return sample_prosody(network, [IDS] * n_rows, *rows, seeds, temperatures, [True] * n_rows).values[0]

    torch.testing.assert_close(values(1, 0.0), values(2, 0.0))
    torch.testing.assert_close(values(1, 1.0), values(1, 1.0, n_rows=3))
    assert (values(1, 1.0) - values(2, 1.0)).abs().max() > 0.1
