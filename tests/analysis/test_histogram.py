import numpy as np
import pytest

from hierbatch.analysis.histogram import N_BINS, Histogram


def filled(values, low=0.0, high=10.0):
    histogram = Histogram(low, high)
    for part in np.array_split(np.asarray(values, float), 3):
        histogram.push(part)
    return histogram


def test_quantiles_are_those_of_the_values_to_within_a_bin():
    values = np.random.default_rng(0).gamma(2.0, 1.0, 5000)
    histogram = filled(values)
    for share in (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0):
        wanted = min(np.quantile(values, share, method="inverted_cdf"), 10 - histogram.width / 2)
        assert histogram.quantile(share) == pytest.approx(wanted, abs=histogram.width)


def test_outliers_are_counted_in_the_outer_bins_and_nan_not_at_all():
    histogram = filled([-5.0, 50.0, np.nan, np.inf, -np.inf])
    assert histogram.n_values == 2
    assert (histogram.counts[0], histogram.counts[N_BINS - 1]) == (1, 1)


@pytest.mark.parametrize("n_values", [1, 10, 1000])
def test_bars_hold_every_value_once_between_their_edges(n_values):
    values = np.random.default_rng(1).normal(5, 0.7, n_values)
    edges, counts = filled(values).bars()
    assert counts.sum() == n_values
    assert len(counts) <= 33
    assert edges[0] <= values.min() < edges[1]
    inner = np.histogram(values, edges)[0]
    assert np.abs(inner - counts).sum() <= 2 * 0.01 * n_values + 2  # a value on a bin's very edge may fall either way


def test_an_empty_one_has_no_middle():
    assert np.isnan(filled([]).quantile(0.5))
    assert filled([]).bars()[1].sum() == 0
