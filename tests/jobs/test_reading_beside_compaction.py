"""A run is read while another process compacts it: parts and plans vanish under the reader at every moment."""

import os
import shutil
from itertools import count

import pyarrow as pa
import pytest

from hierbatch.delivery.corpora.utterances import CorpusSource
from hierbatch.engine.committed_rows import CommittedRows
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import RunError
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.status import count_rows
from hierbatch.manifest.takes.takes import Takes
from tests.jobs.reading import COLUMNS, all_of, before_opening, finished_run
from tests.jobs.running import LOCAL, pin_newest


def stopped_compaction(folder, monkeypatch, n_removed):
    """A compaction that is killed after it has removed so many files."""
    numbers, real = count(), os.unlink

    def unlink(path, **named):
        if os.fspath(path).startswith(os.fspath(folder)) and next(numbers) == n_removed:
            raise KeyboardInterrupt
        real(path, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            compact(CompactJob(run=folder, part_bytes=1))


def iter_tables(folder):
    rows = [row for piece in Takes(folder).iter_tables([*COLUMNS, "audio"]) for row in piece.to_pylist()]
    return sorted(rows, key=lambda row: row["id"])


def exported(folder):
    return sorted(CorpusSource(folder), key=lambda utterance: utterance.id)


READERS = {"takes": all_of, "pieces": iter_tables, "status": count_rows, "export": exported}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return finished_run(tmp_path_factory.mktemp("whole"))


@pytest.mark.slow
@pytest.mark.parametrize(("reader", "n_removed"), [*((reader, None) for reader in READERS), ("takes", 2)])
def test_whenever_it_is_compacted_a_reader_sees_every_row_once(whole, tmp_path, monkeypatch, reader, n_removed):
    read = READERS[reader]
    wanted = read(whole)
    for opening in count(1):
        here = shutil.copytree(whole, tmp_path / f"copy{opening}")
        acts = {opening: lambda here=here: compact(CompactJob(run=here, part_bytes=1))}
        if n_removed is not None:  # first a part of it, and the rest two openings later
            acts[opening + 2] = acts[opening]
            acts[opening] = lambda here=here: stopped_compaction(here, monkeypatch, n_removed)
        with monkeypatch.context() as patch:
            done = before_opening(patch, acts)
            assert read(here) == wanted, f"before opening {opening}"
        if not done:
            break
    assert opening > 5


def test_pieces_that_were_given_are_not_given_again(whole, tmp_path):
    here = shutil.copytree(whole, tmp_path / "run")
    takes = Takes(here)
    wanted = takes.table(COLUMNS).sort_by("id")
    given = []
    for piece in takes.iter_tables(COLUMNS):
        given.append(piece)
        compact(CompactJob(run=here, part_bytes=len(given)))
    assert len(given) > 1
    assert pa.concat_tables(given).sort_by("id").equals(wanted)


def test_a_snapshot_outlives_a_compaction_and_what_came_after(whole, tmp_path):
    """Its rows stay what they were; of a row that was made again meanwhile, what counts now is read."""
    here = shutil.copytree(whole, tmp_path / "run")
    takes = Takes(here)
    compact(CompactJob(run=here))
    retry(RetryJob(run=here, ids=("r050",), execution=LOCAL))
    pin_newest(here, ["r050"])
    compact(CompactJob(run=here))
    assert takes.table(["id", "scene"]).equals(Takes(here).table(["id", "scene"]))
    assert takes.rows(["r050"], ["attempt"]).to_pylist() == [{"attempt": 3}]


def test_takes_that_are_gone_for_good_are_reported(whole, tmp_path):
    here = shutil.copytree(whole, tmp_path / "run")
    takes = Takes(here)
    for part in (here / "parts").iterdir():
        part.unlink()
    with pytest.raises(RunError, match=r"was changed while it was read.*hierbatch run"):
        takes.table(COLUMNS)


def test_a_name_without_a_file_is_reported(whole, tmp_path):
    here = shutil.copytree(whole, tmp_path / "run")
    (here / "parts" / "g0001-u000099.parquet").symlink_to(here / "nowhere")
    with pytest.raises(RunError, match=r"g0001-u000099.parquet cannot be read.*delete it"):
        Takes(here)
    with pytest.raises(RunError, match=r"g0001-u000099.parquet cannot be read"):
        CommittedRows(RunFolder(here), 1).refresh()
