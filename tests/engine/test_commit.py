import errno
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.engine.run_folder import RunFolder
from hierbatch.engine.worker import commit_part
from hierbatch.errors import StorageError

TAKES = pa.table({"id": ["a", "b"]})


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path)
    made.make()
    return made


def test_a_part_is_there_whole_and_nothing_is_left_beside_it(folder):
    commit_part(folder, "u1", [TAKES, TAKES], TAKES.schema)
    assert pq.read_table(folder.part_file("u1")).num_rows == 4
    assert list(folder.tmp.iterdir()) == []


def test_a_unit_worked_twice_is_once(folder):
    commit_part(folder, "u1", [TAKES], TAKES.schema)
    commit_part(folder, "u1", [TAKES], TAKES.schema)
    assert len(folder.part_files()) == 1


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_leaves_nothing_torn(folder, monkeypatch, step, reason):
    def refuse(*_):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(StorageError, match=os.strerror(reason)):
        commit_part(folder, "u1", [TAKES], TAKES.schema)
    assert folder.part_files() == []
    assert list(folder.tmp.iterdir()) == []


def test_a_worker_presumed_dead_does_not_write_into_later_results(folder):
    """Two machines of a cluster may well have a process of the same number, and both work the same unit."""

    def slow_takes():
        yield TAKES
        commit_part(folder, "u1", [TAKES, TAKES], TAKES.schema)
        yield TAKES

    commit_part(folder, "u1", slow_takes(), TAKES.schema)
    assert pq.read_table(folder.part_file("u1")).num_rows == 4
    assert list(folder.tmp.iterdir()) == []
