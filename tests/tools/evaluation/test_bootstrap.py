import numpy as np
import pytest
from scipy import stats

from tools.evaluation.bootstrap import estimate_ratio


def test_the_value_is_the_ratio_of_the_sums():
    assert estimate_ratio([1, 0, 3], [10, 4, 6]).value == pytest.approx(4 / 20)
    assert estimate_ratio([2.0, 4.0], [1, 1]).value == 3.0


def test_the_interval_agrees_with_scipy():
    random = np.random.default_rng(3)
    words = random.integers(5, 20, 60)
    errors = random.binomial(words, 0.15)
    found = estimate_ratio(errors.tolist(), words.tolist())

    def rate(errors, words, axis):
        return errors.sum(axis) / words.sum(axis)

    reference = stats.bootstrap(
        (errors, words), rate, paired=True, vectorized=True, method="percentile", n_resamples=20_000, rng=random
    ).confidence_interval
    assert found.low == pytest.approx(reference.low, abs=0.006)
    assert found.high == pytest.approx(reference.high, abs=0.006)


def test_95_percent_intervals_hold_the_truth_about_95_times_in_a_hundred():
    random = np.random.default_rng(5)
    truth, held = 0.2, 0
    for _ in range(300):
        words = random.integers(6, 18, 80)
        errors = random.binomial(words, truth)
        found = estimate_ratio(errors.tolist(), words.tolist())
        held += found.low <= truth <= found.high
    # A binomial of 300 draws at 0.95 stays inside these bounds, as does the percentile method's slight optimism.
    assert 0.90 <= held / 300 <= 0.99


def test_items_that_are_all_alike_leave_no_doubt():
    found = estimate_ratio([1, 2, 3], [10, 20, 30])
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    assert found.n_items == 3


def test_the_same_items_give_the_same_interval():
    assert estimate_ratio([1, 0, 3], [10, 4, 6]) == estimate_ratio([1, 0, 3], [10, 4, 6])


@pytest.mark.parametrize(("above", "below"), [([], []), ([1], [1, 2]), ([1, 1], [1, 0])])
def test_what_is_no_ratio_is_refused(above, below):
    with pytest.raises(ValueError, match=r"pairs|positive"):
        estimate_ratio(above, below)
