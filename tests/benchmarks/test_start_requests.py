import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "start_requests.py"


@pytest.mark.slow
def test_the_requests_of_a_start_do_not_grow_with_the_folders_that_are_full():
    pytest.importorskip("moto", reason="the S3 server of the dev extra is not installed")
    totals = []
    for n_parts in (7_000, 11_000):  # two and four full folders, and one of the same size that is listed
        command = [sys.executable, str(SCRIPT), "--parts", str(n_parts)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        totals.append(int(done.stdout.split(" requests")[0].split()[-1]))
    assert totals[0] == totals[1] <= 50
