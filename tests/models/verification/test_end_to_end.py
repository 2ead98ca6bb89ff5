import pytest

from hierbatch.models.verification.comparison import NotAtHand
from hierbatch.models.verification.end_to_end import check_end_to_end
from tests.models.golden_data import PUBLISHED, checked, golden, published


@pytest.mark.timeout(280)
@published
def test_a_sentence_is_the_published_one_to_the_last_bits():
    (comparisons,) = checked("e2e", check_end_to_end, PUBLISHED).values()
    assert [comparison.output for comparison in comparisons if not comparison.is_met] == []
    assert comparisons[-1].output == "out_int16"


@golden
def test_without_the_published_weights_it_says_what_it_wants():
    (verdict,) = checked("e2e", check_end_to_end).values()
    assert isinstance(verdict, NotAtHand)
    assert "speechsr48k" in verdict.why
