import pytest

from tests.models.golden_data import checked, golden
from tools.parity.discriminators import check_discriminators


@golden
@pytest.mark.parametrize(("module", "n_discriminators"), [("disc_hier", 10), ("disc_sr24", 10), ("disc_sr48", 11)])
def test_scores_features_and_losses_are_the_published_ones(module, n_discriminators):
    (comparisons,) = checked(module, check_discriminators).values()
    assert len(comparisons) == 2 * n_discriminators + 2 + 3
    assert [comparison.output for comparison in comparisons if not comparison.is_met] == []
