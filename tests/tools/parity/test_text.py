from tests.models.golden_data import checked, golden
from tools.parity.text import check_text


@golden
def test_sentences_have_the_published_numbers():
    (comparisons,) = checked("text", check_text).values()
    assert len(comparisons) > 5
    assert [comparison.output for comparison in comparisons if not comparison.is_met] == []
