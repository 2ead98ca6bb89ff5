from collections import Counter

import pytest

from hierbatch.engine.progress import Progress, format_duration
from hierbatch.engine.work_units import WorkUnit, WorkUnitReport
from tests.engine.plan_rows import rows


def test_the_line_reports_rows_hours_speed_failures_and_the_time_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("hierbatch.engine.progress.monotonic", lambda: now[0])
    progress = Progress(n_rows=100, n_done_before=20, expected_s=400.0)
    progress.start()
    assert "left" not in progress.line()
    now[0] = 110.0
    report = WorkUnitReport(n_ok=48, n_failed=2, sound_s=90.0, work_s=5.0, error_kinds={"text": 2}, reasons={})
    progress.add(WorkUnit("u", rows(50)), report)  # 50 rows of 2 s: 100 of the 400 s expected, in 10 s
    assert progress.line() == "70/100 rows, 1:30 of audio, 9.0 x real time, 2 failed, 0:30 left"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (360_000, "100:00:00")])
def test_clock(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize("n_done_before", [0, 60])
def test_rows_that_are_recomputed_are_not_done_any_more(n_done_before):
    progress = Progress(n_rows=100, n_done_before=n_done_before, expected_s=400.0)
    n_ok = 97 - n_done_before
    report = WorkUnitReport(
        n_ok=n_ok, n_failed=3, sound_s=9.0, work_s=1.0, error_kinds={"synthesis": 2, "text": 1}, reasons={}
    )
    progress.add(WorkUnit("u", rows(1)), report)
    # Two failed here, one failed in an earlier sitting, four are flagged.
    progress.revert(7, Counter(synthesis=3), 30.0)
    assert (progress.n_done, progress.n_failed, progress.error_kinds) == (100 - 7, 1, Counter(text=1))
    assert progress.n_ok == n_ok - 4
    progress.add(
        WorkUnit("r", rows(1)), WorkUnitReport(n_ok=7, n_failed=0, sound_s=9.0, work_s=1.0, error_kinds={}, reasons={})
    )
    assert progress.n_done == 100
