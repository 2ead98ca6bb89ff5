from itertools import pairwise

import numpy as np
import pytest
from scipy import signal

from hierbatch.audio.recursive_filter import RecursiveFilter

SECTIONS = {
    "one pole": np.array([[0.3, 0, 0, 1, -0.7, 0]]),
    "low cut-off": signal.butter(2, 38, "highpass", fs=48_000, output="sos"),
    "three sections": signal.ellip(6, 0.5, 60, 0.3, output="sos"),
}


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("shape", [(5003,), (5003, 2)])
def test_blocks_of_any_size_are_filtered_as_scipy_filters_the_whole(name, shape):
    sound = np.random.default_rng(0).standard_normal(shape)
    recursive = RecursiveFilter(SECTIONS[name], sound[0].size)
    cuts = [0, 0, 1, 6, 38, 70, 1100, 1131, 4000, len(sound)]
    filtered = np.concatenate([recursive(sound[start:end]) for start, end in pairwise(cuts)])
    np.testing.assert_allclose(filtered, signal.sosfilt(SECTIONS[name], sound, axis=0), atol=1e-9)


def test_filters_of_the_same_coefficients_do_not_share_their_state():
    first, second = RecursiveFilter(SECTIONS["one pole"]), RecursiveFilter(SECTIONS["one pole"])
    first(np.ones(100))
    np.testing.assert_array_equal(second(np.zeros(100)), np.zeros(100))
