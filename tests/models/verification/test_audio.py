from hierbatch.models.verification.audio import check_pitch
from tests.models.golden_data import checked, golden


@golden
def test_pitch_is_the_published_one():
    cases = checked("f0", check_pitch)
    assert len(cases) == 2
    for comparisons in cases.values():
        assert [comparison.output for comparison in comparisons if not comparison.is_met] == []
