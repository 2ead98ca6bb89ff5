import numpy as np
import pyarrow as pa
import pytest

import hierbatch
from hierbatch.analysis.outlier_score import outlier_score
from hierbatch.analysis.summary import summarize
from tests.delivery.book_run import sentence, write_run
from tests.tiny_runs import FIRST


def rows_of_two_voices():
    good = [
        sentence(1, sentence_index, voice="anna", duration_ratio=1.0, duration_s=1.5) for sentence_index in range(5)
    ]
    flagged = sentence(1, 5, voice="bert", flags=["too_long", "clipped"], duration_ratio=2.6, duration_s=2.0)
    stretched = sentence(1, 6, voice="bert", duration_ratio=2.0, duration_s=2.0)
    failed = [
        sentence(
            1, sentence_index, voice="bert", status="failed", error_kind="crash", error=f"died at {sentence_index}"
        )
        for sentence_index in (7, 8)
    ]
    return [*good, flagged, stretched, *failed]


@pytest.fixture
def summary(tmp_path):
    rows = rows_of_two_voices()
    planned = [*rows, sentence(1, 9)]
    return hierbatch.open_run(write_run(tmp_path / "r", rows, plan={"g0001": planned})).summary


def test_every_row_is_counted_once(summary):
    assert (summary.n_rows, summary.n_ok, summary.n_failed, summary.n_missing) == (10, 7, 2, 1)
    assert summary.sound_s == pytest.approx(5 * 1.5 + 2 * 2.0)
    assert summary.languages == {"en": 7}
    assert summary.flags == {"too_long": 1, "clipped": 1}
    assert summary.n_flagged == 1
    (failure,) = summary.failures
    assert (failure.kind, failure.n_rows) == ("crash", 2)
    assert failure.example == f"died at {failure.example_id[-1]}"


def test_voices_are_distinguished(summary):
    anna, bert = summary.voices
    assert (anna.voice, anna.n_ok, anna.n_failed, anna.n_flagged) == ("anna", 5, 0, 0)
    assert (bert.voice, bert.n_ok, bert.n_failed, bert.n_flagged) == ("bert", 2, 2, 1)
    assert anna.histograms["duration_s"].quantile(0.5) == pytest.approx(1.5, abs=0.05)
    assert summary.histograms["duration_s"].n_values == 7


def test_the_strangest_take_comes_first_and_a_good_one_not_at_all(summary):
    assert summary.worst_ids == ("c1s5", "c1s6")
    assert set(summary.ordinary_ids) == {f"c1s{sentence_index}" for sentence_index in range(7)}


def test_columns_that_are_empty_are_no_distributions(summary):
    assert set(summary.histograms) == {"duration_s", "duration_ratio"}


def test_an_unfinished_run_has_a_summary(tmp_path):
    run = write_run(tmp_path / "r", [], n_parts=0, plan={"g0001": [sentence(1, 0)]})
    summary = hierbatch.open_run(run).summary
    assert (summary.n_rows, summary.n_missing, summary.voices, summary.worst_ids) == (1, 1, (), ())


def test_the_sample_is_the_same_at_every_reading():
    assert hierbatch.open_run(FIRST).summary.ordinary_ids == hierbatch.open_run(FIRST).summary.ordinary_ids


def test_strangeness_needs_no_column_and_empty_measures_say_nothing():
    assert outlier_score({}, np.array([0, 2])).tolist() == [0.0, 20.0]
    empty = np.array([np.nan, np.nan])
    measures = {"duration_ratio": empty, "speaker_similarity": empty, "snr_db": empty}
    assert outlier_score(measures, np.array([0, 0])).tolist() == [0.0, 0.0]
    ratios = np.array([1.0, 1.4, 2.0, 0.2, 0.0])
    strange = outlier_score({"duration_ratio": ratios}, np.zeros(5, int))
    assert strange[0] == strange[1] == 0
    assert 0 < strange[2] < strange[3] < strange[4] <= 10


def test_what_is_remembered_grows_with_the_voices_and_not_with_the_rows():
    piece = hierbatch.open_run(FIRST).takes.table(
        ["id", "voice", "language", "status", "error_kind", "error", "flags", "duration_s"]
    )

    class ManyPieces:
        schema = pa.schema([piece.schema.field(name) for name in piece.column_names])

        def __init__(self, n_pieces):
            self.n_pieces, self.n_rows = n_pieces, n_pieces * len(piece)

        def iter_tables(self, columns):
            for _ in range(self.n_pieces):
                yield piece.select(columns)

    few, many = summarize(ManyPieces(20)), summarize(ManyPieces(200))
    assert many.n_ok == 10 * few.n_ok
    assert len(many.ordinary_ids) == len(few.ordinary_ids) == 64
