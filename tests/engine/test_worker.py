import pyarrow.parquet as pq
import pytest

from hierbatch.engine.pool import FinishedUnit, LocalPool, LostUnit
from hierbatch.engine.worker import Worker
from hierbatch.errors import BundleError
from hierbatch.manifest.takes.takes import Takes
from tests.engine.fake_model import Fault
from tests.engine.pending_rows import committed_names, find_pending
from tests.engine.planned_run import planned_run


def test_a_unit_becomes_a_part_and_a_report_of_counts(tmp_path):
    run = planned_run(tmp_path, 10, {2: Fault.RAISE, 5: Fault.NAN})
    (unit,) = run.units()
    report = Worker(run.spec).process(unit)
    takes = pq.read_table(run.folder.part_file(unit.name))
    assert sorted(takes.column("id").to_pylist()) == sorted(unit.rows.column("id").to_pylist())
    assert (report.n_ok, report.n_failed) == (8, 2)
    assert report.error_kinds == {"exception": 1, "synthesis": 1}
    assert sorted(report.reasons) == [
        "exception: ZeroDivisionError: the fake model was told to raise",
        "synthesis: The model output contains samples that are not finite numbers",
    ]
    assert report.sound_s == pytest.approx(sum(filter(None, takes.column("duration_s").to_pylist())))
    assert find_pending(run.folder.plan_file(1), committed_names(run.folder)).n_rows == 0


def test_the_local_pool_works_the_same_worker(tmp_path):
    run = planned_run(tmp_path, 5)
    (unit,) = run.units()
    pool = LocalPool(run.spec)
    assert (pool.n_free, pool.n_busy) == (1, 0)
    assert pool.wait(1.0) == []
    pool.submit(unit)
    assert (pool.n_free, pool.n_busy) == (0, 1)
    (ended,) = pool.wait(1.0)
    assert isinstance(ended, FinishedUnit)
    assert (ended.report.n_ok, pool.n_free) == (5, 1)
    pool.close()


def test_a_model_that_cannot_load_says_why(tmp_path):
    run = planned_run(tmp_path, 1)
    (tmp_path / "bundle" / "no-weights").touch()
    with pytest.raises(BundleError, match="fake weights are missing"):
        LocalPool(run.spec)


def test_what_no_worker_should_raise_loses_the_unit_and_not_the_run(tmp_path, monkeypatch):
    run = planned_run(tmp_path, 5)
    (unit,) = run.units()
    pool = LocalPool(run.spec)
    pool.submit(unit)

    def break_down(*_):
        raise ValueError("a bug")

    monkeypatch.setattr("hierbatch.engine.worker.commit_part", break_down)
    (ended,) = pool.wait(1.0)
    assert ended == LostUnit(unit, "exception", "ValueError: a bug")
    assert pool.n_free == 1


def test_a_row_given_up_after_its_take_was_recorded_keeps_the_good_take(tmp_path):
    """Its worker may have died, or hung, between the commit and the word of it."""
    run = planned_run(tmp_path, 1)
    (unit,) = run.units()
    worker = Worker(run.spec)
    worker.process(unit)
    worker.process(unit.as_failed("timeout", "it hung"))
    assert Takes(run.folder.root).table(["status"]).column("status").to_pylist() == ["ok"]
