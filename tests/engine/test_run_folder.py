import errno
import fcntl
import json
import os
import signal
import subprocess
import sys

import pytest

from hierbatch.engine.run_folder import RunFolder, is_locked, lock_run, open_generation
from hierbatch.errors import RunError

SETTINGS = {"seed": 1, "voices": {"anna": "a"}}


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "run")
    made.make()
    return made


def test_the_same_settings_continue_with_the_same_generation(folder):
    assert open_generation(folder, SETTINGS, {}, update=False) == 1
    assert open_generation(folder, dict(reversed(SETTINGS.items())), {"manifest": "moved"}, update=False) == 1


def test_other_settings_are_refused_by_name_and_taken_with_update(folder):
    open_generation(folder, SETTINGS, {}, update=False)
    changed = SETTINGS | {"seed": 2, "language": "ko"}
    with pytest.raises(RunError, match="language, seed"):
        open_generation(folder, changed, {}, update=False)
    assert open_generation(folder, changed, {}, update=True) == 2
    assert open_generation(folder, changed, {}, update=True) == 2
    assert folder.newest()["settings"] == changed
    # Back to the first settings is another generation, not the old one again: the newest is what a run stands at.
    assert open_generation(folder, SETTINGS, {}, update=True) == 3


def test_a_second_driver_is_refused_with_the_name_of_the_first(folder):
    script = f"""
import sys, time
from pathlib import Path
from hierbatch.engine.run_folder import RunFolder, lock_run
with lock_run(RunFolder(Path({str(folder.root)!r}))):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        assert is_locked(folder)
        with pytest.raises(RunError, match=f"process {other.pid}"), lock_run(folder):
            pass
        other.send_signal(signal.SIGKILL)
    # The system let go of the dead driver's lock.
    assert not is_locked(folder)
    with lock_run(folder):
        assert is_locked(folder)
    assert not is_locked(folder)


def test_two_that_look_at_the_same_moment_do_not_take_each_other_for_a_driver(folder):
    with lock_run(folder):
        pass
    with folder.lock_file.open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # as another status does while it looks
        assert not is_locked(folder)


def test_a_reader_of_a_run_sees_whether_a_driver_is_active(folder, monkeypatch):
    open_really = os.open

    def open_to_read(path, flags, *mode):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_really(path, flags, *mode)

    with lock_run(folder):
        monkeypatch.setattr(os, "open", open_to_read)
        assert is_locked(folder)
    assert not is_locked(folder)


def test_a_driver_that_starts_while_somebody_looks_waits_a_moment(folder, monkeypatch):
    folder.lock_file.touch()
    looking = folder.lock_file.open()
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr("time.sleep", lambda _: looking.close())
    with lock_run(folder):
        assert is_locked(folder)


def test_a_folder_without_a_run_or_of_another_version_is_refused(folder):
    with pytest.raises(RunError, match="not a run folder"):
        folder.read_record()
    folder.record_file.write_text("{}")
    with pytest.raises(RunError, match="another format version"):
        folder.read_record()
    folder.record_file.write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        folder.read_record()


def test_leftovers_are_swept_and_parts_are_not(folder):
    (folder.tmp / "g0001-u000001-99.parquet").write_bytes(b"half")
    folder.part_file("g0001-u000000").write_bytes(b"whole")
    folder.remove_leftovers()
    assert list(folder.tmp.iterdir()) == []
    assert folder.part_files() == [folder.part_file("g0001-u000000")]


def test_events_are_one_json_a_line(folder):
    folder.log_event("unit", unit="u1", ok=3)
    folder.log_event("end", ending="완료")
    events = [json.loads(line) for line in folder.events_file.read_text(encoding="utf-8").splitlines()]
    assert [event["event"] for event in events] == ["unit", "end"]
    assert events[1]["ending"] == "완료"


def test_what_a_killed_driver_was_planning_is_swept(folder):
    """Recordings that lay in a manifest can be many gigabytes."""
    for place in (folder.root, folder.plans):
        (place / ".unfinished-abc").mkdir()
        (place / ".unfinished-abc" / "g0001.parquet").write_bytes(b"half")
    folder.remove_leftovers()
    assert not list(folder.plans.iterdir())
    assert list(folder.root.glob(".unfinished-*"))  # an export on its way may lie there


def test_a_line_that_a_full_disk_cut_off_hides_no_start(folder):
    folder.log_event("start", left=3)
    with folder.events_file.open("a") as file:
        file.write('{"at": "2026-01-01T00:00:00", "event": "uni')
    folder.log_event("start", left=2)
    assert folder.last_start_event()["left"] == 3
    folder.log_event("start", left=1)
    assert folder.last_start_event()["left"] == 1


def test_a_disk_too_full_for_the_holders_name_holds_all_the_same(folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", refuse)
    with lock_run(folder):
        assert is_locked(folder)
