import pyarrow.parquet as pq
import pytest

from hierbatch.engine.planning import row_seed
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import run
from hierbatch.manifest.takes.takes import Takes
from tests.changing import change
from tests.engine.fake_model import Fault
from tests.engine.planned_run import bundle_folder
from tests.jobs.running import LOCAL, candidates, job, pin_newest, reordered
from tests.making import manifest_file, phonemes, prompt_file

SEEDS = {7: Fault.CLIPPED, 11: 4711}
"""r007 brings a seed that clips, and is made again with another; r011 keeps its seed whenever it is made again."""

MENDED = ["r003", "r007", "r009", "r011"]


def mended(folder, n_rows=20):
    """A finished run in which r003 had failed, r007 had clipped, and listeners chose other takes of r009 and r011."""
    asked = job(folder, n_rows, SEEDS, max_retakes=1, raise_on=row_seed(0, "r003", 1))
    run(asked)
    retry(RetryJob(run=asked.out, execution=LOCAL))
    retry(RetryJob(run=asked.out, ids=("r009", "r011"), execution=LOCAL))
    pin_newest(asked.out, ["r009", "r011"])
    assert [row["id"] for row in rows(asked) if row["attempt"] == 2] == MENDED
    return asked


def rows(asked):
    return Takes(asked.out).table(["id", "attempt", "seed", "take_key", "status", "flags", "audio"]).to_pylist()


def changed(before, after):
    return [old["id"] for old, new in zip(before, after, strict=True) if old != new]


def edit(folder, *numbers, seeds=SEEDS):
    """The manifest once more with another sentence in some rows."""
    spoken = ["m ˈu n | ˈoʊ v ɚ ." if i in numbers else phonemes(i) for i in range(20)]
    manifest_file(folder, 20, seeds, phonemes=spoken)


@pytest.mark.parametrize("is_compacted", [False, True])
def test_corrections_stay_when_another_row_is_edited(tmp_path, is_compacted):
    asked = mended(tmp_path)
    before = rows(asked)
    for numbers, retakes in ((15,), 1), ((15, 16), 0):  # from one generation to the next, and on from there
        if is_compacted:
            compact(CompactJob(run=asked.out))
        edit(tmp_path, *numbers)
        outcome = run(change(asked, update=True, max_retakes=retakes))
        assert (outcome.session.n_worked, outcome.counts.n_failed, outcome.counts.flags) == (1, 0, {})
    assert changed(before, rows(asked)) == ["r015", "r016"]


@pytest.mark.parametrize(
    ("seeds", "numbers", "anew"),
    [
        ({7: 5, 11: 4711}, (3,), ["r003", "r007"]),
        ({9: 5, 11: 6}, (), ["r007", "r009", "r011"]),
    ],
)
@pytest.mark.parametrize("is_compacted", [False, True])
def test_a_row_that_was_edited_itself_or_has_another_seed_begins_again(tmp_path, seeds, numbers, anew, is_compacted):
    asked = mended(tmp_path)
    before = rows(asked)
    if is_compacted:
        compact(CompactJob(run=asked.out))
    edit(tmp_path, *numbers, seeds=seeds)
    bundle_folder(tmp_path, raise_on="")
    assert run(change(asked, update=True)).session.n_worked == len(anew)
    after = rows(asked)
    assert changed(before, after) == anew
    assert [row["id"] for row in after if row["attempt"] == 1 and row["id"] in MENDED] == anew


@pytest.mark.parametrize("is_compacted", [False, True])
def test_a_row_that_is_edited_and_edited_back_has_the_take_it_had(tmp_path, is_compacted):
    asked = mended(tmp_path)
    before = rows(asked)
    if is_compacted:
        compact(CompactJob(run=asked.out))
    edit(tmp_path, 3, 7, 9)
    assert run(change(asked, update=True)).session.n_worked == 3
    edit(tmp_path, 15)
    assert run(change(asked, update=True)).session.n_worked == 1
    edit(tmp_path)
    assert run(change(asked, update=True, max_retakes=0)).session.n_worked == 0
    assert rows(asked) == before


def test_another_model_voice_or_seed_recomputes_all_rows(tmp_path):
    asked = mended(tmp_path)
    bundle_folder(tmp_path, version="2")
    assert run(change(asked, update=True, max_retakes=0)).session.n_worked == 20
    prompt_file(tmp_path, gain=0.2)
    assert run(change(asked, update=True, max_retakes=0)).session.n_worked == 20
    assert {row["attempt"] for row in rows(asked)} == {1}


def test_with_another_seed_of_the_run_only_what_brings_its_own_stays(tmp_path):
    asked = mended(tmp_path)
    reseeded = reordered(change(asked, update=True, max_retakes=0), seed=5)
    assert run(reseeded).session.n_worked == 18  # r007 clips with its own seed again, and that take stands
    assert [row["id"] for row in rows(asked) if row["attempt"] == 2] == ["r011"]


def test_a_part_that_was_lost_is_recomputed_as_it_was(tmp_path):
    asked = mended(tmp_path)
    before = rows(asked)
    edit(tmp_path, 15)
    run(change(asked, update=True))
    for part in (asked.out / "parts").iterdir():
        part.unlink()
    run(asked)
    assert changed(before, rows(asked)) == ["r015"]


def test_a_carried_row_may_be_tried_again(tmp_path):
    asked = mended(tmp_path)
    edit(tmp_path, 15)
    run(change(asked, update=True))
    assert retry(RetryJob(run=asked.out, ids=("r003", "r007"), execution=LOCAL)).session.n_worked == 2
    assert [take["id"] for take in candidates(asked.out, MENDED) if take["attempt"] == 3] == ["r003", "r007"]


def test_the_order_of_the_rows_and_a_plan_of_an_earlier_version_matter_not(tmp_path):
    asked = mended(tmp_path)
    for plan in (asked.out / "plan").glob("g0001*.parquet"):
        table = pq.read_table(plan)
        if "own_seed" in table.column_names:
            pq.write_table(table.drop_columns("own_seed"), plan)
    whole = pq.read_table(tmp_path / "m.parquet")
    pq.write_table(whole.take(list(range(19, -1, -1))), tmp_path / "m.parquet")
    assert run(change(asked, update=True)).session.n_worked == 0
    after = {row["id"]: row["attempt"] for row in rows(asked)}
    assert {row_id for row_id, attempt in after.items() if attempt == 2} == set(MENDED)
