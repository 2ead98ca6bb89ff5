"""Bars: which values meet them, and the table."""

import pytest

from tools.evaluation.bars import BARS, Bar, format_bars
from tools.evaluation.evaluation_table import EvaluationTable, tabulate
from tools.evaluation.evaluation_tasks import ENGLISH, RECORDED_TEXTS
from tools.evaluation.measures import MEASURES, Score


@pytest.mark.parametrize(
    ("kind", "must", "met", "missed"),
    [("at least", 3.9, 3.9, 3.89), ("at most", 0.03, 0.03, 0.031), ("within", (0.9, 1.1), 1.1, 1.12)],
)
def test_a_bar_is_met_at_its_bound(kind, must, met, missed):
    bar = Bar(measure="distillmos", groups=(ENGLISH,), kind=kind, must=must)
    assert (bar.is_met(met), bar.is_met(missed)) == (True, False)


def test_every_measured_bar_has_a_verdict_and_the_others_a_dash():
    scores = {
        ENGLISH: [[Score("distillmos", 4.0), Score("word_errors", 1, 20)]],
        RECORDED_TEXTS: [[Score("pause_ratio", 0.5, 0.5)]],
    }
    table = EvaluationTable(
        set_name="audit",
        model="m",
        fingerprint="f",
        kit="k",
        limit=None,
        groups=tuple(scores),
        figures=tabulate(scores),
    )
    lines = format_bars(table).splitlines()[2:]
    assert len(lines) == sum(len(bar.groups) for bar in BARS)
    verdicts = {(line.split(" | ")[0][2:], line.split(" | ")[1]): line.split(" | ")[-1].rstrip(" |") for line in lines}
    titles = {measure.name: measure.title for measure in MEASURES}
    assert verdicts[titles["distillmos"], ENGLISH] == "yes"
    assert verdicts[titles["word_errors"], ENGLISH] == "no"
    assert verdicts[titles["pause_ratio"], RECORDED_TEXTS] == "yes"
    assert list(verdicts.values()).count("-") == len(verdicts) - 3
