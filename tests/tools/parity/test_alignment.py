from tests.models.golden_data import checked, golden
from tools.parity.alignment import check_alignment


@golden
def test_paths_are_the_published_ones():
    (comparisons,) = checked("mas", check_alignment).values()
    assert len(comparisons) == 4
    assert [comparison.difference for comparison in comparisons] == [0, 0, 0, 0]
