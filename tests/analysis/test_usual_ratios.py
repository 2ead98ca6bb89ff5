import numpy as np
import pyarrow as pa
import pytest

from hierbatch.analysis.outlier_score import outlier_score
from hierbatch.analysis.usual_ratios import UsualRatios

ROWS = pa.table(
    {
        "language": ["en"] * 8 + ["ko"] * 3,
        "voice": ["a"] * 6 + ["b"] * 2 + ["a"] * 3,
        "status": ["ok"] * 11,
        "duration_ratio": pa.array([0.8, 0.82, 0.81, 0.83, 0.8, 2.0, 1.2, 1.3, 0.7, 0.77, None], pa.float32()),
    }
)


class Run:
    schema = ROWS.schema

    def iter_tables(self, columns):
        return iter([ROWS.select(columns).slice(0, 4), ROWS.select(columns).slice(4)])


def test_the_usual_ratio_is_the_median_of_the_language_and_voice_or_of_the_language():
    usual = UsualRatios.measure(Run()).of_takes(ROWS)
    assert usual[:6] == pytest.approx([0.81] * 6, rel=0.02)
    assert usual[6:8] == pytest.approx([0.83] * 2, rel=0.02)  # two takes of this voice are too few
    assert usual[8:] == pytest.approx([0.74] * 3, rel=0.06)


def test_a_take_is_suspicious_by_its_distance_from_the_usual_ratio_of_the_run():
    usual = UsualRatios.measure(Run()).of_takes(ROWS)
    ratios = ROWS.column("duration_ratio").cast(pa.float64()).to_numpy()
    scores = outlier_score({"duration_ratio": ratios}, np.zeros(11, np.int64), usual)
    assert np.flatnonzero(scores).tolist() == [5, 7]
    assert outlier_score({"duration_ratio": np.array([0.81 * 0.8])}, np.zeros(1, np.int64), 0.81)[0] == 0
