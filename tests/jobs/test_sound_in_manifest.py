"""Sound that lies in the manifest itself goes to the plan and from the plan to the workers, and no other way."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.engine.run_folder import RunFolder
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import run
from hierbatch.manifest.runs.plan_sources import PlanSources
from hierbatch.manifest.runs.take_ids import NAME_TYPE
from hierbatch.object_path import parse_path
from tests.changing import change
from tests.engine.fake_model import Fault
from tests.engine.object_store import s3_server
from tests.engine.pending_rows import find_pending
from tests.jobs.converting import LOCAL, job, sounds
from tests.jobs.embedding import embedded, padded
from tests.making import recordings_file

ROOT = Path(__file__).parents[2]
N_ROWS, N_PADDED = 40, 300_000


def in_plan(folder):
    return {path.name: path.stat().st_size for path in (folder / "run" / "plan").iterdir()}


@pytest.fixture
def by_path(tmp_path):
    """The sounds of the same recordings named by their paths."""
    folder = tmp_path / "by_path"
    folder.mkdir()
    embedded(folder, 5, N_PADDED)
    for i in range(5):
        (folder / f"s{i}.wav").write_bytes(padded(folder / f"s{i}.wav", N_PADDED))
    recordings_file(folder, [f"s{i % 5}.wav" for i in range(N_ROWS)])
    run(job(folder))
    return sounds(folder / "run")


def test_only_the_workers_read_it_in_a_run_a_retake_a_retry_and_after_compaction(tmp_path, by_path):
    seeds = {3: int(Fault.NAN), 7: int(Fault.RAISE)}
    asked = change(job(tmp_path, manifest=embedded(tmp_path, N_ROWS, N_PADDED, seeds=seeds)), max_retakes=1)
    assert run(asked).counts.error_kinds == {"exception": 1}
    assert retry(RetryJob(run=asked.out, ids=("r7", "r11"), execution=LOCAL)).session.n_worked == 2
    made = sounds(asked.out)
    assert made == {row_id: content for row_id, content in by_path.items() if row_id != "r7"}
    assert run(asked).session.n_worked == 0

    sizes = in_plan(tmp_path)
    assert sizes.pop("g0001-sources.parquet") > N_ROWS * N_PADDED
    assert {name[:10] for name in sizes} >= {"g0001.parq", "g0001-r001", "g0001-r002"}
    assert max(sizes.values()) < N_PADDED
    plan = RunFolder(asked.out).plan_file(1)
    for unit in find_pending(plan, pa.array([], NAME_TYPE)).units():
        assert len(pickle.dumps(unit)) < 20_000

    compact(CompactJob(run=asked.out))
    assert sounds(asked.out) == made
    assert run(asked).session.n_worked == 0
    next((asked.out / "parts").iterdir()).unlink()
    assert run(change(asked, max_retakes=0)).session.n_worked == N_ROWS
    assert sounds(asked.out) == made


def test_what_was_refused_is_looked_at_again_by_a_retry(tmp_path, monkeypatch):
    asked = job(tmp_path, manifest=embedded(tmp_path, 20, 1_000))
    monkeypatch.setattr("hierbatch.stages.sources._LOWEST_HZ", 48_000)
    assert run(asked).counts.error_kinds == {"source": 20}
    monkeypatch.undo()
    assert retry(RetryJob(run=asked.out, execution=LOCAL)).counts.n_ok == 20


def test_an_update_keeps_the_sound_once(tmp_path):
    asked = job(tmp_path, manifest=embedded(tmp_path, 5, 1_000))
    run(asked)
    changed = change(asked, spec=change(asked.spec, pitch_semitones=2.0), update=True)
    assert run(changed).session.n_worked == 5
    assert [name for name in in_plan(tmp_path) if "sources" in name] == ["g0002-sources.parquet"]
    assert retry(RetryJob(run=asked.out, ids=("r1",), execution=LOCAL)).counts.n_ok == 5


def test_a_plan_of_an_earlier_version_is_worked_as_it_is(tmp_path):
    """There the sound lay in the plan's rows."""
    asked = job(tmp_path, manifest=embedded(tmp_path, 10, 1_000))
    run(asked)
    made = sounds(asked.out)
    folder = RunFolder(asked.out)
    rows = PlanSources(folder.sources_file(1)).fetch(pq.read_table(folder.plan_file(1)))
    pq.write_table(rows, folder.plan_file(1))
    folder.sources_file(1).unlink()
    next((asked.out / "parts").iterdir()).unlink()
    assert run(asked).session.n_worked == 10
    assert sounds(asked.out) == made
    assert retry(RetryJob(run=asked.out, ids=("r1",), execution=LOCAL)).session.n_worked == 1


@pytest.mark.slow
def test_in_an_object_store_it_is_the_same(tmp_path, by_path):
    pytest.importorskip("moto", reason="the S3 server of the dev extra is not installed")
    with s3_server("sound") as client:
        client.upload_file(str(embedded(tmp_path, N_ROWS, N_PADDED)), "sound", "m.parquet")
        asked = job(tmp_path, manifest=parse_path("s3://sound/m.parquet"), source_root=tmp_path)
        asked = change(asked, out=parse_path("s3://sound/run"))
        assert run(asked).counts.n_ok == N_ROWS
        assert sounds(asked.out) == by_path


PEAKS = """
import json, resource, sys
from pathlib import Path
from hierbatch.engine.execution import Execution
from hierbatch.engine.ray_settings import configure_ray_environment
from hierbatch.jobs.run import run
from tests.changing import change
from tests.jobs.converting import job

configure_ray_environment()
from hierbatch.engine.ray_cluster import ray_running

folder, peaks = Path(sys.argv[1]), []
with ray_running(2):
    for name in ("few", "many"):
        asked = job(folder, manifest=folder / f"{name}.parquet")
        asked = change(asked, out=folder / name, execution=Execution(engine="ray", workers=2))
        standing = run(asked).counts
        assert standing.n_ok == standing.n_rows
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
print(json.dumps(peaks))
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_driver_on_ray_does_not_grow_with_the_sound_its_rows_bring(tmp_path):
    """It once took three times as much memory as they brought."""
    few, many, n_bytes = 16, 96, 4_000_000
    embedded(tmp_path, few, n_bytes, "few.parquet")
    embedded(tmp_path, many, n_bytes, "many.parquet")
    done = subprocess.run(
        [sys.executable, "-c", PEAKS, tmp_path],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first_mb, most_mb = json.loads(done.stdout.splitlines()[-1])
    assert most_mb - first_mb < 0.3 * (many - few) * n_bytes / 1e6
