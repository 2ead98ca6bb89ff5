from fractions import Fraction

import numpy as np
import pytest
import torch

from hierbatch.models.hierspeechpp.speechsr.interpolation import interpolate_linear, interpolated_length

TRIPLE, HALF_MORE = Fraction(3), Fraction(3, 2)


def by_numpy(x, n_out):
    positions = (np.arange(n_out) + 0.5) * len(x) / n_out - 0.5
    return np.interp(positions, np.arange(len(x)), x)


@pytest.mark.parametrize("ratio", [TRIPLE, HALF_MORE])
@pytest.mark.parametrize("n_samples", [1, 2, 3, 36, 37, 1601])
def test_it_is_a_straight_line_between_neighbours(ratio, n_samples):
    x = torch.randn(2, n_samples, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = interpolate_linear(x, ratio)
    assert found.shape == (2, interpolated_length(n_samples, ratio)) == (2, int(n_samples * ratio))
    for row in range(2):
        assert np.allclose(found[row].numpy(), by_numpy(x[row].numpy(), found.shape[1]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("ratio", [TRIPLE, HALF_MORE])
def test_a_sound_repeated_for_a_minute_does_not_drift(ratio):
    period = torch.randn(1, 16, generator=torch.Generator().manual_seed(2))
    found = interpolate_linear(period.repeat(1, 60_000), ratio)
    n_out = int(16 * ratio)
    assert torch.equal(found[:, n_out : 2 * n_out], found[:, -2 * n_out : -n_out])
