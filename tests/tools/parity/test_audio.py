from tests.models.golden_data import checked, golden
from tools.parity.audio import check_pitch


@golden
def test_pitch_is_the_published_one():
    cases = checked("f0", check_pitch)
    assert len(cases) == 2
    for comparisons in cases.values():
        assert [comparison.output for comparison in comparisons if not comparison.is_met] == []
