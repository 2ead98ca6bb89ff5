import pytest

from tests.models.golden_data import checked, golden
from tools.parity.denoiser import check_denoiser


@pytest.mark.timeout(120)
@golden
def test_the_network_gives_the_published_spectra_and_sound():
    cases = checked("denoiser", check_denoiser)
    assert len(cases) == 4
    for comparisons in cases.values():
        assert [comparison.output for comparison in comparisons if not comparison.is_met] == []
