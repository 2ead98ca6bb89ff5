"""Pipes in a run folder are refused or passed over, instead of waited for."""

import os

import pytest

from hierbatch.engine.run_folder import RunFolder, is_locked, lock_run
from hierbatch.engine.run_record import read_record
from hierbatch.errors import RunError, SetupError
from hierbatch.manifest.decisions.json_log import read_records
from hierbatch.manifest.runs.parts import open_run_file


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "run")
    made.make()
    return made


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    return tmp_path / "pipe.jsonl"


def test_tables_records_and_logs_that_are_pipes_are_refused(pipe):
    with pytest.raises(RunError, match="a pipe"), open_run_file(pipe):
        pass
    with pytest.raises(RunError, match="a pipe"):
        read_record(pipe)
    with pytest.raises(RunError, match="a pipe"):
        read_records(pipe.parent)


def test_events_that_are_a_pipe_are_neither_read_nor_written(folder, pipe):
    pipe.rename(folder.events_file)
    assert folder.last_start_event() is None
    with pytest.raises(SetupError, match="a pipe"):
        folder.log_event("start")


def test_a_lock_that_is_a_pipe_holds_nobody_up(folder, pipe):
    pipe.rename(folder.lock_file)
    assert not is_locked(folder)
    with lock_run(folder):
        assert is_locked(folder)
