from dataclasses import replace

import pytest

from tools.evaluation.evaluation_table import EvaluationTable, tabulate
from tools.evaluation.measures import Score

SCORES = {
    "English": [
        [Score("word_errors", 1, 10), Score("dnsmos_ovrl", 3.0)],
        [Score("word_errors", 2, 10), Score("dnsmos_ovrl", 3.2)],
    ],
    "Korean": [[Score("character_errors", 3, 10), Score("cpu_time", 0.0625, 2.0)]],
}


@pytest.fixture
def table():
    return EvaluationTable(
        set_name="development",
        model="lite",
        fingerprint="0123456789abcdef",
        kit="feed",
        limit=None,
        groups=("English", "Korean"),
        figures=tabulate(SCORES),
    )


def test_shares_are_of_all_words_together_and_means_are_plain(table):
    cells = {(figure.measure, figure.group): figure.estimate for figure in table.figures}
    assert cells["word_errors", "English"].value == pytest.approx(0.15)
    assert cells["dnsmos_ovrl", "English"].value == pytest.approx(3.1)
    assert cells["word_errors", "English"].n_items == 2
    assert ("dnsmos_ovrl", "Korean") not in cells


def test_the_page_has_a_line_a_measure_and_a_dash_where_nothing_was_judged(table):
    lines = table.to_markdown().splitlines()
    assert lines[0] == "| measure | English | Korean |"
    assert "| word error rate ↓ | 15.0 % [10.0, 20.0] | - |" in lines
    assert "| character error rate, no spaces ↓ | - | 30.0 % [30.0, 30.0] |" in lines
    assert "| DNSMOS ovrl ↑ | 3.10 [3.00, 3.20] | - |" in lines
    assert "| CPU seconds per second of audio, one thread ↓ | - | 0.031 [0.031, 0.031] |" in lines
    assert not any("DistillMOS" in line for line in lines)
    assert lines[-1].startswith("Set `development`; model lite `0123456789ab`; kit `feed`.")


def test_a_quick_look_says_that_it_is_one(table):
    assert "the first 2 of each group only" in replace(table, limit=2).to_markdown()


def test_json_brings_the_whole_table_back(table):
    assert EvaluationTable.from_json(table.to_json()) == table
