import pytest

from hierbatch.errors import RunError
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.run import run
from hierbatch.jobs.shards import SHARDS_FOLDER
from hierbatch.jobs.status import count_rows
from hierbatch.manifest.takes.takes import Takes
from tests.changing import change
from tests.engine.fake_model import Fault
from tests.jobs.running import job, pin_newest, sounds

COLUMNS = ["id", "take_key", "attempt", "seed", "status", "flags"]
FAULTS = {3: Fault.CLIPPED, 11: Fault.NAN, 20: Fault.RAISE}


@pytest.fixture
def asked(tmp_path):
    return job(tmp_path, 24, FAULTS, max_retakes=1)


def run_shards(asked, n_shards=3):
    return [run(change(asked, shard=f"{number}/{n_shards}")) for number in range(1, n_shards + 1)]


def test_shards_merge_into_the_run_that_one_driver_makes(asked, tmp_path):
    whole = run(change(asked, out=tmp_path / "whole"))
    outcomes = run_shards(asked)
    assert sum(outcome.counts.n_rows for outcome in outcomes) == 24
    assert all(run(change(asked, shard=f"{n}/3")).session.n_worked == 0 for n in (1, 2, 3))
    pin_newest(asked.out / SHARDS_FOLDER / "2-of-3", Takes(asked.out / SHARDS_FOLDER / "2-of-3").ids[:1])
    result = compact(CompactJob(run=asked.out))
    assert result.n_rows == 24
    assert not (asked.out / SHARDS_FOLDER / "1-of-3").exists()
    assert Takes(asked.out).table(COLUMNS) == Takes(tmp_path / "whole").table(COLUMNS)
    assert sounds(asked.out) == sounds(tmp_path / "whole")
    assert Takes(asked.out).planned(["id", "position"]) == Takes(tmp_path / "whole").planned(["id", "position"])
    counts = count_rows(asked.out)
    assert change(counts, sound_s=0.0) == change(whole.counts, sound_s=0.0)
    assert counts.sound_s == pytest.approx(whole.counts.sound_s)
    again = run(asked)  # the merged run is a run of the whole manifest
    assert (again.session.n_worked, again.counts) == (0, counts)


def test_an_unfinished_or_missing_shard_stops_the_merge(asked):
    for number in (1, 3):
        run(change(asked, shard=f"{number}/3"))
    with pytest.raises(RunError, match="all shards"):
        compact(CompactJob(run=asked.out))
    run(change(asked, shard="2/3"))
    part = next((asked.out / SHARDS_FOLDER / "2-of-3" / "parts").glob("*.parquet"))
    part.unlink()
    with pytest.raises(RunError, match="not finished"):
        compact(CompactJob(run=asked.out))
    run(change(asked, shard="2/3"))
    assert compact(CompactJob(run=asked.out)).n_rows == 24


def test_an_interrupted_merge_is_repeated(asked, tmp_path, monkeypatch):
    run(change(asked, out=tmp_path / "whole"))
    run_shards(asked)
    with monkeypatch.context() as patch:
        patch.setattr("hierbatch.jobs.shards.open_generation", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            compact(CompactJob(run=asked.out))
    assert compact(CompactJob(run=asked.out)).n_rows == 24
    assert Takes(asked.out).table(COLUMNS) == Takes(tmp_path / "whole").table(COLUMNS)
    n_takes = sum(len(table) for table in Takes(asked.out).iter_tables(["id"]))
    assert n_takes == 24


def test_a_folder_has_shards_or_a_whole_run(asked, tmp_path):
    run(change(asked, shard="1/2"))
    with pytest.raises(RunError, match="in shards"):
        run(asked)
    run(change(asked, out=tmp_path / "whole"))
    with pytest.raises(RunError, match="whole manifest"):
        run(change(asked, out=tmp_path / "whole", shard="1/2"))
