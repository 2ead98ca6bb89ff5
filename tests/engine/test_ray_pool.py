"""Real Ray: one cluster for all of these, since starting it takes seconds."""

import os
from contextlib import nullcontext, suppress
from importlib.util import find_spec
from ipaddress import ip_address
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.engine.execution import Execution
from hierbatch.engine.ray_settings import LOOPBACK_ENV, WORKER_ENV
from hierbatch.errors import BundleError, RunError, StorageError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.run import run as run_job
from hierbatch.manifest.takes.takes import Takes
from hierbatch.object_path import parse_path
from hierbatch.stages.text import PhonemizeText, front_ends
from tests.changing import change
from tests.engine.fake_model import Fault
from tests.engine.object_store import s3_server
from tests.engine.planned_run import planned_run
from tests.engine.ray_work import work
from tests.jobs.converting import job as converted
from tests.jobs.converting import sounds
from tests.jobs.embedding import embedded
from tests.jobs.running import job

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def ray_pool():
    """The module of the workers, with Ray running as a run starts it; the workers know an object store."""
    # Only what is set here is taken back: Ray puts its token into the environment, too.
    patch = pytest.MonkeyPatch()
    for name, value in (LOOPBACK_ENV | WORKER_ENV).items():
        patch.setenv(name, value)
    from hierbatch.engine import ray_pool as module
    from hierbatch.engine.ray_cluster import ray_running

    with s3_server("speech") if find_spec("moto") else nullcontext(), ray_running(n_cpus=2):
        yield module
    patch.undo()


def ids_in_parts(run):
    parts = [pq.read_table(part, columns=["id"]).column("id").to_pylist() for part in run.folder.part_files()]
    return sorted(chain.from_iterable(parts))


def test_every_row_is_worked_once_and_rows_that_kill_or_raise_fail_alone(ray_pool, tmp_path):
    run = planned_run(tmp_path, 4, {1: Fault.RAISE, 2: Fault.DIE})
    done = work(ray_pool, run)
    takes = done.error_kinds
    assert done.ending == "done"
    assert takes == {f"r{i:03d}": {1: "exception", 2: "crash"}.get(i) for i in range(4)}
    assert ids_in_parts(run) == sorted(takes)  # once in the files themselves, not only in the reading of them
    assert {facts["cause"] for event, facts in done.events if event == "lost"} == {"crash"}


def test_flawed_takes_are_recomputed_by_the_same_workers(ray_pool, tmp_path):
    asked = job(tmp_path, 6, {1: Fault.NAN, 2: Fault.SILENT, 3: Fault.CLIPPED}, max_retakes=1)
    outcome = run_job(change(asked, execution=Execution(engine="ray", workers=1)))
    assert (outcome.counts.n_ok, outcome.counts.n_failed, outcome.counts.flags) == (6, 0, {})
    attempts = Takes(asked.out).table(["attempt"]).column("attempt").to_pylist()
    assert attempts == [1, 2, 2, 2, 1, 1]


def test_a_row_that_hangs_is_ended_and_reported_and_its_neighbours_are_spoken(ray_pool, tmp_path):
    run = planned_run(tmp_path, 4, {1: Fault.HANG})
    done = work(ray_pool, run, n_workers=1, base_timeout_s=2.0, timeout_factor=0.1)
    assert done.error_kinds == {"r000": None, "r001": "timeout", "r002": None, "r003": None}
    assert ids_in_parts(run) == sorted(done.error_kinds)


def test_workers_write_a_run_in_an_object_store_as_on_a_disk(ray_pool, tmp_path):
    pytest.importorskip("moto", reason="the S3 server of the dev extra is not installed")
    asked = job(tmp_path, 70, {3: Fault.RAISE})
    run_job(asked)
    in_store = change(asked, out=parse_path("s3://speech/run"), execution=Execution(engine="ray", workers=2))
    standing = run_job(in_store).counts
    assert (standing.n_ok, standing.n_failed) == (69, 1)
    assert sounds(in_store.out) == sounds(asked.out)


def test_the_rest_of_a_unit_after_a_crash_finds_sounds_in_the_manifest(ray_pool, tmp_path):
    """Rows carry places beside the plan, and halves of a unit, and the row given up, carry theirs."""
    folders = {name: tmp_path / name for name in ("whole", "crashing")}
    for folder in folders.values():
        folder.mkdir()
    whole = converted(folders["whole"], manifest=embedded(folders["whole"], 6, 1_000))
    run_job(whole)
    manifest = embedded(folders["crashing"], 6, 1_000, seeds={2: int(Fault.DIE)})
    asked = change(converted(folders["crashing"], manifest=manifest), execution=Execution(engine="ray", workers=1))
    assert run_job(asked).counts.error_kinds == {"crash": 1}
    made = sounds(whole.out)
    del made["r2"]
    assert sounds(asked.out) == made
    assert any(part.stem.count(".") for part in asked.out.glob("parts/*.parquet"))  # it was halved


def test_a_model_that_cannot_load_stops_the_run_with_its_own_words(ray_pool, tmp_path):
    run = planned_run(tmp_path, 2)
    (tmp_path / "bundle" / "no-weights").touch()
    with pytest.raises(BundleError, match="The fake weights are missing"):
        work(ray_pool, run, n_workers=1)


def test_workers_that_die_while_loading_stop_the_run(ray_pool, tmp_path):
    run = planned_run(tmp_path, 2)
    (tmp_path / "bundle" / "die-on-load").touch()
    with pytest.raises(RunError, match="die while loading"):
        work(ray_pool, run, n_workers=1)


def test_texts_are_read_on_all_cores_in_their_order_as_they_are_here(ray_pool, tmp_path):
    from hierbatch.engine.ray_readers import map_tables

    lexicon = tmp_path / "lexicon.csv"
    lexicon.write_text("word,pronunciation,kind,language,scope\nrow,ɹaʊ,ipa,en,\n")
    read = PhonemizeText(front_ends(Lexicon.read(lexicon)))
    numbers = [range(first, first + 7) for first in range(0, 63, 7)]
    tables = [
        pa.table(
            {"text": [f"This is row {i}." for i in n], "phonemes": pa.nulls(7, pa.string()), "language": ["en"] * 7}
        )
        for n in numbers
    ]
    tables = [table.append_column("speed", pa.array([1.0] * 7)) for table in tables]
    tables[4] = tables[4].set_column(0, "text", pa.array([None] * 7, pa.string()))
    together = list(map_tables(read, iter(tables)))
    assert all(one.equals(other) for one, other in zip(together, map(read, tables), strict=True))
    assert "ɹ" in together[0].column("phonemes")[0].as_py()
    assert set(together[4].column("error_kind").to_pylist()) == {"text"}


def test_an_error_of_the_setup_ends_the_reading(ray_pool):
    from hierbatch.engine.ray_readers import map_tables

    def refuse(rows):
        raise StorageError("the lexicon is gone")

    with pytest.raises(StorageError, match="lexicon is gone"):
        list(map_tables(refuse, [pa.table({"id": ["a"]})]))


def test_tables_of_readers_that_die_are_read_by_others(ray_pool, tmp_path):
    from hierbatch.engine.ray_readers import map_tables

    def die_once_per_table(rows):
        (number,) = rows.column("number").to_pylist()
        flag = tmp_path / str(number)
        if number % 3 == 0 and not flag.exists():
            flag.touch()
            os._exit(1)
        return rows

    tables = [pa.table({"number": [number]}) for number in range(8)]
    assert list(map_tables(die_once_per_table, iter(tables))) == tables


def test_a_table_that_ends_every_reader_ends_the_reading(ray_pool):
    from hierbatch.engine.ray_readers import map_tables

    with pytest.raises(RunError, match="reader processes died"):
        list(map_tables(lambda rows: os._exit(1), [pa.table({"id": ["a"]})]))


def test_a_worker_computes_on_its_own_core_alone(ray_pool):
    import ray

    @ray.remote(num_cpus=1)
    def n_threads():
        return os.environ["OMP_NUM_THREADS"]

    assert ray.get(n_threads.remote()) == "1"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
def test_a_worker_yields_to_other_work_no_more_than_its_driver(ray_pool):
    import ray

    @ray.remote
    def priority():
        return os.getpriority(os.PRIO_PROCESS, 0)

    assert ray.get(priority.remote()) == os.getpriority(os.PRIO_PROCESS, 0)


def test_ray_listens_on_this_machine_alone(ray_pool):
    listening = _listening_addresses_of_descendants()
    assert listening
    assert all(ip_address(address).is_loopback for address in listening), listening


def test_ray_shows_no_dashboard_and_contacts_no_one(ray_pool):
    import ray
    from ray._common.usage.usage_lib import usage_stats_enabled

    assert not usage_stats_enabled()
    assert not ray._private.worker._global_node.webui_url
    commands = [Path(f"/proc/{pid}/cmdline") for pid in _descendants()]
    running = b" ".join(command.read_bytes() for command in commands if command.exists())
    assert b"raylet" in running
    assert b"--disable-frontend" in running or b"dashboard.py" not in running


def _listening_addresses_of_descendants():
    sockets = {socket for pid in _descendants() for socket in _sockets(pid)}
    addresses = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:]:
            local, state, inode = (line.split()[column] for column in (1, 3, 9))
            if state == "0A" and f"socket:[{inode}]" in sockets:
                words = bytes.fromhex(local.partition(":")[0])
                # Each 32-bit word stands in the machine's byte order.
                address = ip_address(b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4)))
                addresses.append(str(getattr(address, "ipv4_mapped", None) or address))
    return addresses


def _descendants():
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])

    def is_ours(pid):
        while pid in parents and pid != os.getpid():
            pid = parents[pid]
        return pid == os.getpid()

    return [pid for pid in parents if is_ours(pid)]


def _sockets(pid):
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            found.append(os.readlink(descriptor))
    return found
