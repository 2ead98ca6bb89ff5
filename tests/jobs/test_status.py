import json
from datetime import UTC, datetime, timedelta

import pytest

from hierbatch.engine.run_folder import RunFolder, lock_run, open_generation
from hierbatch.errors import RunError
from hierbatch.jobs.run import run
from hierbatch.jobs.status import read_status
from tests.changing import change
from tests.engine.fake_model import Fault
from tests.jobs.running import job


def test_a_status_counts_what_the_files_hold(tmp_path):
    asked = job(tmp_path, 72, {3: Fault.RAISE, 9: Fault.SILENT})
    run(asked)
    (asked.out / "events.jsonl").unlink()  # never needed to know how a run stands
    last_part = max((asked.out / "parts").iterdir())
    last_part.unlink()
    status = read_status(asked.out)
    assert (status.generation, status.is_running, status.remaining_s) == (1, False, None)
    assert status.counts.n_rows == 72
    assert status.counts.n_missing == 72 - 64
    assert status.counts.n_ok + status.counts.n_failed + status.counts.n_missing == 72


def test_while_somebody_works_the_time_left_follows_from_the_pace(tmp_path):
    asked = job(tmp_path, 72)
    run(asked)
    max((asked.out / "parts").iterdir()).unlink()  # 8 of 72 rows are missing
    started = datetime.now(UTC) - timedelta(seconds=64)
    event = {"at": started.isoformat(), "event": "start", "rows": 72, "left": 72}
    (asked.out / "events.jsonl").write_text(json.dumps(event) + "\n")
    with lock_run(RunFolder(asked.out)):
        status = read_status(asked.out)
    assert status.is_running
    assert status.remaining_s == pytest.approx(8.0, abs=1.0)


def test_a_generation_without_a_plan_is_reported_beside_the_one_that_counts(tmp_path):
    asked = job(tmp_path, 3)
    run(asked)
    before = read_status(asked.out)
    folder = RunFolder(asked.out)
    settings = folder.newest()["settings"] | {"model": "other", "fingerprint": "f2"}
    open_generation(folder, settings, {}, update=True)
    assert read_status(asked.out) == change(before, unplanned=2)
    with lock_run(folder):
        assert read_status(asked.out) == change(before, unplanned=2, is_running=True)


def test_a_folder_without_a_run_is_reported(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        read_status(tmp_path)
