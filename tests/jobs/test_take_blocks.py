"""Snapshots of blocks of rows together say what one snapshot of all rows says."""

import pyarrow as pa
import pytest

from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.run import run
from hierbatch.jobs.status import count_rows
from hierbatch.manifest.takes import take_blocks
from hierbatch.manifest.takes.take_blocks import TakesByBlock
from hierbatch.manifest.takes.takes import Takes
from tests.engine.fake_model import Fault
from tests.jobs.running import job, pin_newest, reordered
from tests.making import phonemes

COLUMNS = ["id", "take_key", "attempt", "status", "duration_s"]
FAULTS = {3: Fault.CLIPPED, 11: Fault.NAN, 20: Fault.RAISE, 29: Fault.SILENT}


def table_by_block(folder, block_rows):
    blocks = list(TakesByBlock(folder, block_rows=block_rows))
    joined = pa.concat_tables([takes.table(COLUMNS) for takes in blocks]).sort_by("id")
    return joined, len(blocks), sum(map(len, blocks))


@pytest.mark.parametrize("is_compacted", [False, True])
def test_blocks_have_the_takes_that_one_snapshot_has(tmp_path, is_compacted):
    run(job(tmp_path, 32, FAULTS, max_retakes=2, always_clips=phonemes(7)))
    pin_newest(tmp_path / "run", ["r011"])
    if is_compacted:
        compact(CompactJob(run=tmp_path / "run", part_bytes=2000))
    whole = Takes(tmp_path / "run")
    expected = whole.table(COLUMNS).sort_by("id")
    for block_rows in (5, 31):
        found, n_blocks, n_takes = table_by_block(tmp_path / "run", block_rows)
        assert found == expected
        assert (n_blocks, n_takes) == (-(-32 // block_rows), len(whole))


def test_retakes_and_counts_do_not_depend_on_the_blocks(tmp_path, monkeypatch):
    made = []
    for name, block_rows in (("whole", 1 << 19), ("blocks", 7)):
        monkeypatch.setattr(take_blocks, "BLOCK_ROWS", block_rows)
        (tmp_path / name).mkdir()
        asked = job(tmp_path / name, 32, FAULTS, max_retakes=2, always_clips=phonemes(7))
        first = run(asked)
        again = run(reordered(asked, speech=asked.spec.speech))
        counts = count_rows(tmp_path / name / "run")
        assert again.session.n_worked == 0
        made.append((Takes(tmp_path / name / "run").table(COLUMNS), counts, first.counts))
    assert made[0] == made[1]
