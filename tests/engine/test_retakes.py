import re

import pytest

from hierbatch.engine import retakes
from hierbatch.engine.planning import row_seed
from hierbatch.engine.retakes import Retakes
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import run
from hierbatch.manifest.takes.takes import Takes
from tests.changing import change
from tests.engine.fake_model import Fault, spoken
from tests.jobs.running import LOCAL, job, sounds
from tests.making import manifest_file, phonemes


def takes(folder):
    rows = Takes(folder / "run").table(["id", "attempt", "seed", "status", "flags"]).to_pylist()
    return {row["id"]: row for row in rows}


@pytest.mark.parametrize("fault", [Fault.NAN, Fault.EMPTY, Fault.REFUSE, Fault.SILENT, Fault.CLIPPED])
def test_flawed_takes_are_recomputed_with_another_seed(tmp_path, fault):
    outcome = run(job(tmp_path, 10, {3: fault}, max_retakes=1))
    assert (outcome.counts.n_ok, outcome.counts.flags) == (10, {})
    assert (outcome.session.n_worked, outcome.session.n_failed, outcome.session.error_kinds) == (10, 0, {})
    made = takes(tmp_path)
    assert [row_id for row_id, take in made.items() if take["attempt"] == 2] == ["r003"]
    assert made["r003"]["seed"] != fault


def test_all_of_a_round_are_recomputed_together_and_good_takes_are_left_alone(tmp_path):
    plain, mended = tmp_path / "plain", tmp_path / "mended"
    plain.mkdir()
    mended.mkdir()
    run(job(plain, 20))
    run(job(mended, 20, {3: Fault.CLIPPED, 11: Fault.NAN}, max_retakes=1))
    (again,) = (mended / "run" / "parts").glob("*-r001-*")
    assert Takes(mended / "run").n_rows == 20
    assert re.fullmatch("g0001-r001-[0-9a-f]{12}-u000000", again.stem)
    before, after = sounds(plain / "run"), sounds(mended / "run")
    assert [row_id for row_id in before if before[row_id] != after[row_id]] == ["r003", "r011"]


def test_a_row_that_stays_wrong_is_made_as_often_as_asked_and_kept(tmp_path):
    asked = job(tmp_path, 6, max_retakes=3, always_clips=phonemes(2))
    outcome = run(asked)
    assert (outcome.counts.n_ok, outcome.counts.flags) == (6, {"clipped": 1})
    assert takes(tmp_path)["r002"]["attempt"] == 4  # all alike: the last counts
    assert sum(line.endswith(phonemes(2)) for line in spoken(tmp_path / "bundle")) == 4
    assert run(asked).session.n_worked == 0


def test_failures_that_no_seed_corrects_are_not_tried_again(tmp_path):
    outcome = run(job(tmp_path, 6, {2: Fault.RAISE}, max_retakes=3))
    assert outcome.counts.error_kinds == {"exception": 1}
    assert takes(tmp_path)["r002"]["attempt"] == 1


def test_a_run_that_stopped_before_its_retakes_were_worked_continues_with_them(tmp_path):
    asked = job(tmp_path, 10, {3: Fault.CLIPPED}, max_retakes=1)
    run(asked)
    (again,) = (asked.out / "parts").glob("*-r001-*")
    again.unlink()
    outcome = run(asked)
    assert (outcome.session.n_worked, outcome.counts.flags) == (1, {})
    assert len(list((asked.out / "plan").glob("*-r*"))) == 1


def test_more_retakes_may_be_asked_for_later(tmp_path):
    run(job(tmp_path, 6, max_retakes=0, always_clips=phonemes(2)))
    assert takes(tmp_path)["r002"]["attempt"] == 1
    run(job(tmp_path, 6, max_retakes=2, always_clips=phonemes(2)))
    assert takes(tmp_path)["r002"]["attempt"] == 3


@pytest.mark.parametrize("is_updated", [False, True])
def test_what_a_compaction_has_dropped_counts_as_a_retake(tmp_path, is_updated):
    """The second take fails, so that the first stands for the row, flawed as it is."""
    asked = job(tmp_path, 6, {3: Fault.CLIPPED}, max_retakes=1, raise_on=row_seed(0, "r003", 2))
    run(asked)
    for _ in range(2):
        compact(CompactJob(run=asked.out))
    if is_updated:
        manifest_file(tmp_path, 6, {3: Fault.CLIPPED}, text=["another"] * 6)
        asked = change(asked, update=True)
    outcome = run(asked)
    assert (outcome.session.n_worked, outcome.counts.flags) == (0, {"clipped": 1})
    compact(CompactJob(run=asked.out))
    outcome = run(change(asked, max_retakes=2))
    assert (outcome.session.n_worked, outcome.counts.flags) == (1, {})  # with a seed of its own
    assert takes(tmp_path)["r003"]["attempt"] == 3


def test_after_a_compaction_a_retry_by_hand_counts_on(tmp_path):
    run(job(tmp_path, 6, {3: Fault.CLIPPED}, max_retakes=1, raise_on=row_seed(0, "r003", 2)))
    compact(CompactJob(run=tmp_path / "run"))
    retry(RetryJob(run=tmp_path / "run", ids=("r003", "r004"), execution=LOCAL))
    made = takes(tmp_path)
    assert (made["r003"]["attempt"], made["r003"]["seed"]) == (3, Fault.CLIPPED)  # the seed of its own is kept by hand
    assert made["r004"]["attempt"] == 1  # a good take stays
    attempts = Takes(tmp_path / "run").candidates(["r004"], ["attempt"]).column("attempt").to_pylist()
    assert attempts == [1, 2]


def test_a_number_of_retakes_out_of_range_is_refused():
    with pytest.raises(InputError, match="0 to 20"):
        Retakes(take_settings=None, max_retakes=21)


def test_a_view_that_another_driver_has_overtaken_calls_for_no_further_take(tmp_path, monkeypatch):
    """In an object store two drivers may meet: one must not make a third take of what the other has mended."""
    asked = job(tmp_path, 10, {3: Fault.CLIPPED})
    run(asked)
    folder = RunFolder(asked.out)
    real = retakes.flawed_rows

    def overtaken(*arguments):
        seen = real(*arguments)
        with monkeypatch.context() as patch:
            patch.setattr(retakes, "flawed_rows", real)
            run(change(asked, max_retakes=1))
        return seen

    monkeypatch.setattr(retakes, "flawed_rows", overtaken)
    assert Retakes(take_settings=asked.spec.check().take_settings, max_retakes=2).plan_next(folder, 1) is None
    assert takes(tmp_path)["r003"]["attempt"] == 2
