import os
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from hierbatch.engine.run_folder import RunFolder, open_generation
from hierbatch.errors import RunError
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import run
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, row_names
from hierbatch.manifest.takes.takes import Takes
from tests.engine.fake_model import Fault
from tests.jobs.running import LOCAL, job, sounds

COLUMNS = ("id", "take_key", "attempt", "status", "duration_s", "flags")


def test_compacting_changes_no_take_and_asks_for_none_again(tmp_path):
    asked = job(tmp_path, 130, {3: Fault.RAISE, 9: Fault.CLIPPED})
    run(asked)
    retry(RetryJob(run=asked.out, execution=LOCAL))
    before, heard = Takes(asked.out).table(COLUMNS), sounds(asked.out)
    done = compact(CompactJob(run=asked.out))
    assert (done.n_parts_before, done.n_parts, done.n_rows) == (4, 1, 130)
    assert Takes(asked.out).table(COLUMNS).equals(before)
    assert sounds(asked.out) == heard
    assert run(asked).session.n_worked == 0
    assert compact(CompactJob(run=asked.out)).n_parts == 1


def test_parts_are_filled_to_the_size_asked_for(tmp_path):
    asked = job(tmp_path, 130)
    run(asked)
    heard = sounds(asked.out)
    assert compact(CompactJob(run=asked.out, part_bytes=1)).n_parts == 3
    assert sounds(asked.out) == heard


def test_a_retry_after_compacting_still_finds_its_rows(tmp_path):
    asked = job(tmp_path, 10, {3: Fault.RAISE})
    run(asked)
    retry(RetryJob(run=asked.out, execution=LOCAL))
    compact(CompactJob(run=asked.out))
    outcome = retry(RetryJob(run=asked.out, execution=LOCAL))
    assert outcome.session.n_worked == 1
    assert Takes(asked.out).table(["attempt"]).column("attempt").to_pylist()[3] == 3


@pytest.mark.parametrize("step", ["replace", "unlink"])
def test_stopped_at_any_step_nothing_is_lost_and_the_next_call_finishes(tmp_path, monkeypatch, step):
    asked = job(tmp_path, 70, {3: Fault.RAISE})
    run(asked)
    retry(RetryJob(run=asked.out, execution=LOCAL))
    before, heard = Takes(asked.out).table(COLUMNS), sounds(asked.out)
    real = getattr(os, step)
    for n_allowed in range(6):
        n_calls = [0]

        def stopped(*arguments, n_allowed=n_allowed, n_calls=n_calls, **named):
            n_calls[0] += 1
            if n_calls[0] > n_allowed:
                raise KeyboardInterrupt
            return real(*arguments, **named)

        monkeypatch.setattr(os, step, stopped)
        try:
            compact(CompactJob(run=asked.out))
        except KeyboardInterrupt:
            pass
        finally:
            monkeypatch.undo()
        assert Takes(asked.out).table(COLUMNS).equals(before)
        assert sounds(asked.out) == heard
    compact(CompactJob(run=asked.out))
    assert Takes(asked.out).table(COLUMNS).equals(before)
    assert run(asked).session.n_worked == 0


def test_an_unfinished_run_is_not_compacted(tmp_path):
    asked = job(tmp_path, 70)
    run(asked)
    next((asked.out / "parts").iterdir()).unlink()
    with pytest.raises(RunError, match="not finished"):
        compact(CompactJob(run=asked.out))


def test_a_lost_part_of_a_compacted_run_is_recomputed(tmp_path):
    """Rows that were made again come from plans of their own, whose units are counted from 0 too."""
    asked = job(tmp_path, 130, {3: Fault.RAISE, 9: Fault.CLIPPED})
    run(asked)
    retry(RetryJob(run=asked.out, ids=("r003", "r009", "r070"), execution=LOCAL))
    heard = sounds(asked.out)
    compact(CompactJob(run=asked.out, part_bytes=1))
    parts = sorted((asked.out / "parts").iterdir())
    assert len(parts) == 4
    for part in parts:
        n_rows = pq.read_metadata(part).num_rows
        part.unlink()
        assert run(asked).session.n_worked == n_rows
        assert sounds(asked.out) == heard
    for part in (asked.out / "parts").iterdir():
        part.unlink()
    assert run(asked).session.n_worked == 130
    assert sounds(asked.out) == heard
    assert run(asked).session.n_worked == 0


def test_a_plan_that_an_earlier_version_joined_loses_nothing(tmp_path):
    """It stood in the first plan's place, and its units bore the numbers that each plan had counted from 0."""
    asked = job(tmp_path, 130, {3: Fault.RAISE, 9: Fault.CLIPPED})
    run(asked)
    retry(RetryJob(run=asked.out, ids=("r003", "r009", "r070"), execution=LOCAL))
    folder = RunFolder(asked.out)
    heard, counts = sounds(asked.out), row_names(Takes(asked.out).table(TAKE_ID_COLUMNS))
    first, retried = (pq.read_table(plan) for plan in folder.plan_files(1))
    joined = pa.concat_tables(table.filter(pc.is_in(row_names(table), counts)) for table in (first, retried))
    for plan in folder.plan_files(1):
        plan.unlink()
    pq.write_table(joined, folder.plan_file(1))
    for part in folder.part_files():
        part.unlink()
    assert run(asked).session.n_worked == 130
    assert sounds(asked.out) == heard
    assert sum(pq.read_metadata(part).num_rows for part in folder.part_files()) == 130
    assert run(asked).session.n_worked == 0
    compact(CompactJob(run=asked.out))
    assert sounds(asked.out) == heard
    assert [plan.stem for plan in folder.plan_files(1)] == ["g0001-j001"]


def test_no_file_changes_and_no_name_comes_twice(tmp_path):
    """Who reads meanwhile finds files as they were, or gone; a worker that was given up replaces nobody's rows."""
    asked = job(tmp_path, 70, {3: Fault.RAISE})
    run(asked)
    seen = {}
    for _ in range(3):
        retry(RetryJob(run=asked.out, ids=("r003", "r050"), execution=LOCAL))
        compact(CompactJob(run=asked.out))
        max((asked.out / "parts").iterdir()).unlink()
        run(asked)
        for file in chain((asked.out / "parts").iterdir(), RunFolder(asked.out).plan_files(1)):
            names = row_names(pq.read_table(file, columns=list(TAKE_ID_COLUMNS))).to_pylist()
            assert seen.setdefault(file.name, names) == names


def test_a_generation_that_was_not_planned_is_not_compacted(tmp_path):
    asked = job(tmp_path, 10)
    run(asked)
    parts = sorted((asked.out / "parts").iterdir())
    open_generation(RunFolder(asked.out), {"killed": "before its plan"}, {}, update=True)
    with pytest.raises(RunError, match="not finished"):
        compact(CompactJob(run=asked.out))
    assert sorted((asked.out / "parts").iterdir()) == parts
