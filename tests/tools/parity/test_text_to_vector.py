import pytest

from tests.models.golden_data import checked, golden
from tools.parity.text_to_vector import check_text_to_vector


@pytest.mark.timeout(240)
@golden
def test_the_network_gives_the_published_vectors_and_losses():
    cases = checked("ttv", check_text_to_vector)
    assert len(cases) == 6
    for comparisons in cases.values():
        assert "out_w2v_pred" in {c.output for c in comparisons} or "out_w2v" in {c.output for c in comparisons}
        assert [comparison.output for comparison in comparisons if not comparison.is_met] == []
