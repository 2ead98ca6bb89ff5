import os
import subprocess
import sys

import pytest

from tests.loading import ROOT

pytestmark = pytest.mark.slow

# In a process of its own: a fork has only the thread that forked, and other tests leave threads behind.
KILL_AT_EVERY_POINT = """
import sys, tempfile
from pathlib import Path
import pyarrow as pa
from tests.loading import load_script

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
script = load_script("benchmarks/engine_kill_points.py")


def careless(job):
    parts = {part: part.read_bytes() for part in (job.run / "parts").iterdir()}
    for part in parts:
        part.unlink()
    for part, content in parts.items():
        part.write_bytes(content)
    return kept(job)


kept = script.compact
if sys.argv[1] == "careless":
    script.compact = careless
with tempfile.TemporaryDirectory() as folder:
    sys.exit(script.kill_at_every_point(Path(folder), script.STAGES.index("compact"), every=3))
"""


def kill_at_every_point(how):
    environment = dict(os.environ)
    return subprocess.run(
        [sys.executable, "-c", KILL_AT_EVERY_POINT, how], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_a_compaction_is_safe_at_every_point_and_one_that_removes_first_is_found_out():
    safe = kill_at_every_point("as it is")
    assert safe.returncode == 0, safe.stderr[-2000:]
    n_points, otherwise = safe.stdout.removeprefix("| compact | ").rstrip(" |\n").split(" | ")
    assert (int(n_points) > 8, otherwise) == (True, "none")
    assert kill_at_every_point("careless").returncode != 0
