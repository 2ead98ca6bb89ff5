"""A run on Ray as a user starts, stops, kills and resumes it; each sitting starts Ray anew, so all is one story."""

import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from hierbatch.jobs.run import run
from tests.engine.fake_model import Fault, spoken
from tests.jobs.running import job, sounds, wait_for_parts
from tests.loading import ROOT

pytestmark = pytest.mark.slow

N_ROWS = 500


SCRIPT = """
import atexit, sys
from hierbatch.cli.app import main
atexit.register(lambda: print("this driver has torch" if "torch" in sys.modules else "this driver has no torch"))
main()
"""


PLANNING = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background it may be ignored
from hierbatch.cli.app import main
from hierbatch.engine import session
from hierbatch.jobs import run
def write_and_wait(tables, schema, aside, write_rows=run.write_rows):
    def told():
        yield from tables
        print("planning", flush=True)
        for _ in range(2000):  # not one sleep: a signal right before it would be heard after it
            time.sleep(0.05)
    write_rows(told(), schema, aside)
run.write_rows, session.RAY_READ_MIN_ROWS = write_and_wait, 1
main()
"""
"""The same command, which stands still with the plan half-written."""


HAS_RAY = """
import atexit, sys
from hierbatch.cli.app import main
atexit.register(lambda: print("this process has ray" if "ray" in sys.modules else "this process has no ray"))
main()
"""


def start_on_ray(folder, *options, script=SCRIPT):
    command = ["run", folder / "m.parquet", "--out", folder / "run", "--voice", folder / "anna.wav", "--workers", 2]
    model = ["--model", folder / "bundle", "--max-retakes", 0]
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, [*command, *model, *options])],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a process group of its own, as a shell gives it
    )


def ids_in_parts(folder):
    parts = (folder / "run" / "parts").glob("*.parquet")
    return [row_id for part in parts for row_id in pq.read_table(part, columns=["id"]).column("id").to_pylist()]


@pytest.mark.timeout(280)
def test_interrupted_then_killed_then_resumed_a_run_ends_as_if_nothing_had_been(tmp_path):
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    undisturbed.mkdir()
    disturbed.mkdir()
    run(job(undisturbed, N_ROWS, {5: Fault.RAISE}))
    job(disturbed, N_ROWS, {5: Fault.RAISE}, seconds_a_row=0.02)

    # Ctrl-C reaches every process of the group: the workers must not die of it.
    process = start_on_ray(disturbed)
    wait_for_parts(disturbed, 1, process)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "the same command resumes" in said
    assert "this driver has no torch" in said  # it has planned, and given out units
    done = ids_in_parts(disturbed)
    assert 0 < len(done) < N_ROWS
    # What was in hand was put down; the row that raises is tried in its batch and alone.
    assert len(done) >= len(spoken(disturbed / "bundle")) - 16
    events = [json.loads(line)["event"] for line in (disturbed / "run" / "events.jsonl").read_text().splitlines()]
    assert "lost" not in events

    process = start_on_ray(disturbed)
    wait_for_parts(disturbed, len(list((disturbed / "run" / "parts").iterdir())) + 1, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    process = start_on_ray(disturbed)
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 3, said
    assert f"{N_ROWS - 1} of {N_ROWS} rows done, 1 failed" in said
    assert "this driver has no torch" in said
    assert sorted(set(ids_in_parts(disturbed))) == [f"r{i:03d}" for i in range(N_ROWS)]
    assert sounds(disturbed / "run") == sounds(undisturbed / "run")


@pytest.mark.timeout(280)
def test_a_second_request_ends_a_run_at_once(tmp_path):
    job(tmp_path, 400, {i: Fault.HANG for i in range(400)})
    process = start_on_ray(tmp_path, "--workers", 1)
    while process.poll() is None and not spoken(tmp_path / "bundle"):
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    time.sleep(1.0)
    assert process.poll() is None  # it waits for what is in hand
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert ids_in_parts(tmp_path) == []
    assert "Traceback" not in said


def test_a_run_in_this_process_leaves_ray_alone(tmp_path):
    job(tmp_path, 5)
    process = start_on_ray(tmp_path, "--engine", "local", script=HAS_RAY)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 0, said
    assert "5 of 5 rows done" in said
    assert "this process has no ray" in said


@pytest.mark.timeout(280)
def test_on_a_disk_without_room_the_command_ends_with_75_and_continues_when_there_is_room(tmp_path):
    job(tmp_path, 8, file_limit=4096)
    process = start_on_ray(tmp_path, "--workers", 1)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 75, said
    assert "File too large" in said
    assert "free some disk space" in said
    assert "Traceback" not in said
    assert ids_in_parts(tmp_path) == []
    assert list((tmp_path / "run" / "tmp").iterdir()) == []

    (tmp_path / "bundle" / "file-limit").unlink()
    process = start_on_ray(tmp_path, "--engine", "local")  # who works is no part of a run; on Ray is the first test's
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert sorted(ids_in_parts(tmp_path)) == [f"r{i:03d}" for i in range(8)]


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    ("engine", "number"), [("local", signal.SIGTERM), ("local", signal.SIGINT), ("ray", signal.SIGTERM)]
)
def test_interrupted_while_it_plans_a_run_leaves_no_plan_and_reports_it(tmp_path, engine, number):
    asked = job(tmp_path, 5)
    process = start_on_ray(tmp_path, "--engine", engine, script=PLANNING)
    for line in process.stdout:
        if line == "planning\n":
            break
    (aside,) = (tmp_path / "run" / "plan").glob(".*/*.parquet")
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said == "Interrupted. Finished work is kept; run the same command to resume.\n"
    assert not aside.parent.exists()
    assert [path.name for path in (tmp_path / "run" / "plan").glob("*.parquet")] == ["g0001-voices.parquet"]
    assert run(asked).counts.n_ok == 5
