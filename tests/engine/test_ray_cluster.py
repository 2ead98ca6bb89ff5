"""Three nodes as processes of this machine: the workers are spread, and the loss of a node costs time alone."""

import math
import os
import subprocess
import sys
from itertools import chain

import pyarrow.parquet as pq
import pytest

from hierbatch.engine import session
from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.engine.ray_settings import LOOPBACK_ENV, RaySettings
from hierbatch.errors import RunError
from hierbatch.jobs.run import run
from tests.changing import change
from tests.engine.fake_model import Fault, spoken
from tests.engine.planned_run import planned_run
from tests.engine.ray_work import work
from tests.jobs.running import job, sounds

pytestmark = pytest.mark.timeout(280)

_NODE = {"object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def cluster():
    """A head without cores and two nodes, each with a GPU that is only said to be there."""
    # Only what is set here is taken back: Ray puts its token into the environment, too.
    patch = pytest.MonkeyPatch()
    for name, value in LOOPBACK_ENV.items():
        patch.setenv(name, value)
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={**_NODE, "num_cpus": 0, "include_dashboard": False})
    made.add_node(**_NODE, num_cpus=2, num_gpus=1)
    made.to_lose = made.add_node(**_NODE, num_cpus=1, num_gpus=1)
    yield made
    made.shutdown()
    patch.undo()


@pytest.fixture(scope="module")
def ray_pool(cluster):
    from hierbatch.engine import ray_pool as module
    from hierbatch.engine.ray_cluster import ray_running

    with ray_running(n_cpus=0, address=cluster.address):
        yield module


@pytest.mark.slow
def test_an_address_without_an_answer_is_reported_at_once():
    from hierbatch.engine.ray_cluster import ray_running

    with pytest.raises(RunError, match=r"no Ray cluster at 127\.0\.0\.1:1"), ray_running(0, "127.0.0.1:1"):
        pass


@pytest.mark.slow
def test_a_whole_run_joins_the_cluster_that_is_named_and_leaves_it_standing(cluster, tmp_path, monkeypatch):
    import ray

    had_joined = ray.is_initialized()
    asked = job(tmp_path, 60, {3: Fault.RAISE})
    run(change(asked, out=tmp_path / "here"))
    monkeypatch.setattr(session, "RAY_READ_MIN_ROWS", 1)  # its rows are read there, too
    n_nodes = set()
    listener = RunListener(on_progress=lambda progress: n_nodes.add(len(ray.nodes())))
    outcome = run(change(asked, execution=Execution(workers=2, ray_address=cluster.address)), listener)
    assert (outcome.counts.n_ok, outcome.counts.error_kinds) == (59, {"exception": 1})
    assert n_nodes == {3}  # one that was lost is still told
    assert sounds(asked.out) == sounds(tmp_path / "here")
    assert ray.is_initialized() is had_joined
    assert run(change(asked, execution=Execution(ray_address=cluster.address))).session.n_worked == 0


@pytest.mark.parametrize("runs_already", [False, True])
def test_ray_that_listens_to_the_network_is_refused_unless_its_address_is_named(runs_already, monkeypatch):
    from hierbatch.engine import ray_cluster

    shut_down = []
    monkeypatch.setattr(ray_cluster.ray, "is_initialized", lambda: runs_already)
    monkeypatch.setattr(ray_cluster.ray, "init", lambda **settings: None)
    monkeypatch.setattr(ray_cluster.ray, "shutdown", lambda: shut_down.append(True))
    monkeypatch.setattr(ray_cluster.ray.util, "get_node_ip_address", lambda: "192.0.2.7")
    with pytest.raises(RunError, match=r"listen on a network interface(.|\n)*192\.0\.2\.7"), ray_cluster.ray_running(1):
        pytest.fail("it has been used")
    assert bool(shut_down) is not runs_already  # what others have started is theirs to end
    with ray_cluster.ray_running(1, "auto"):
        pass
    monkeypatch.setattr(ray_cluster.ray.util, "get_node_ip_address", lambda: "127.0.0.1")
    with ray_cluster.ray_running(1):
        pass


@pytest.mark.slow
def test_workers_share_a_gpu_and_none_is_spread_over_two_nodes(ray_pool, tmp_path):
    from hierbatch.engine.ray_cluster import check_worker_slots, count_worker_slots

    assert [count_worker_slots(share) for share in (0.5, 0.6, 1.0)] == [3, 2, 2]  # the second node has one core
    check_worker_slots(3, 0.5)
    with pytest.raises(RunError, match="at most 3"):
        check_worker_slots(4, 0.5)
    with pytest.raises(RunError, match="No machine has a CPU core and the GPUs"):
        count_worker_slots(2.0)
    pool = ray_pool.RayPool(planned_run(tmp_path, 1).spec, RaySettings(n_workers=3, gpus_per_worker=0.5))
    try:
        while pool.n_free < 3:  # one that finds no place is waited for until the test's time is over
            assert pool.wait(1.0) == []
    finally:
        pool.close()


@pytest.mark.parametrize(
    ("nodes", "share", "n_places"),
    [
        ([(8, 2)], 0.6, 2),  # a share lies on one GPU
        ([(8, 2)], 0.5, 4),
        ([(8, 2)], 1.0, 2),
        ([(8, 3), (8, 3)], 2.0, 2),
        ([(8, 1)], 1 / 3, 3),
        ([(8, 1)], 0.1, 8),
        ([(2, 4), (64, 0)], 0.5, 2),  # cores of another node help nobody
        ([(8, 1), None], 0.5, 2),
    ],
)
def test_places_are_counted_node_by_node(nodes, share, n_places, monkeypatch):
    from hierbatch.engine import ray_cluster

    told = [{"Alive": True, "Resources": {"CPU": float(node[0]), "GPU": float(node[1])}} for node in nodes if node]
    lost = {"Alive": False, "Resources": {"CPU": 8.0, "GPU": 8.0}}
    monkeypatch.setattr(ray_cluster.ray, "nodes", lambda: [*told, *[lost] * nodes.count(None)])
    assert ray_cluster.count_worker_slots(share) == n_places


def test_memory_that_is_reserved_limits_the_places(monkeypatch):
    from hierbatch.engine import ray_cluster

    node = {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 8.0, "memory": 10e9}}
    monkeypatch.setattr(ray_cluster.ray, "nodes", lambda: [node, node])
    assert [ray_cluster.count_worker_slots(0.0, memory) for memory in (0, 3_000_000_000)] == [16, 6]
    assert ray_cluster.count_worker_slots(1.0, 4_000_000_000) == 4


@pytest.mark.parametrize(
    ("error", "reported"),
    [
        (
            ConnectionError("Failed to connect to Ray cluster at 10.0.0.1:6379"),
            r"refuses the connection.*RAY_AUTH_TOKEN",
        ),
        (ConnectionError("Could not find any running Ray instance."), "There is no Ray cluster at auto"),
    ],
)
def test_a_refused_token_is_not_reported_as_a_missing_cluster(error, reported, monkeypatch):
    from hierbatch.engine import ray_cluster

    def refuse(**_):
        raise error

    monkeypatch.setattr(ray_cluster.ray, "init", refuse)
    with pytest.raises(RunError, match=reported):
        ray_cluster._join_cluster("auto")


@pytest.mark.slow
def test_a_run_that_loses_a_node_finishes_with_every_row_once(cluster, ray_pool, tmp_path):
    from hierbatch.engine.ray_cluster import count_worker_slots

    assert count_worker_slots(0.0) == 3
    planned = planned_run(tmp_path, 400, seconds_a_row=0.04)

    def lose_a_node(progress):
        # Only once all three are at work does the node take a unit with it.
        if progress.n_ok and cluster.to_lose and len(list((tmp_path / "bundle").glob("spoken-*"))) >= 3:
            cluster.remove_node(cluster.to_lose, allow_graceful=False)
            cluster.to_lose = None

    done = work(ray_pool, planned, RunListener(on_progress=lose_a_node), n_workers=3)
    assert cluster.to_lose is None
    assert done.ending == "done"
    assert done.error_kinds == dict.fromkeys(f"r{i:03d}" for i in range(400))
    assert {facts["cause"] for event, facts in done.events if event == "lost"} == {"crash"}
    parts = [pq.read_table(part, columns=["id"]).column("id").to_pylist() for part in planned.folder.part_files()]
    assert sorted(chain.from_iterable(parts)) == sorted(done.error_kinds)
    assert len(list((tmp_path / "bundle").glob("spoken-*"))) >= 3
    # What the node had begun is spoken again, unless it was lost between two units.
    assert 400 <= len(spoken(tmp_path / "bundle")) <= 400 + 64


@pytest.mark.slow
def test_without_an_address_ray_is_started_here_whatever_runs_beside(cluster):
    """Ray by itself would join the cluster that RAY_ADDRESS names, or the last one that was started on this machine."""
    said = """
from hierbatch.engine.ray_settings import configure_ray_environment
configure_ray_environment()
from hierbatch.engine.ray_cluster import ray_running
import ray
with ray_running(1):
    print(len(ray.nodes()), int(ray.cluster_resources()["CPU"]))
"""
    environment = os.environ | {"RAY_ADDRESS": cluster.address}
    done = subprocess.run([sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split()[-2:] == ["1", "1"], done.stderr


@pytest.mark.slow
def test_workers_that_do_not_fit_wait_for_a_node_that_joins(cluster, ray_pool, tmp_path):
    from hierbatch.engine.ray_cluster import count_worker_slots

    n_cores = count_worker_slots(0.0)
    settings = RaySettings(n_workers=n_cores + 1, start_timeout_s=math.inf)
    pool = ray_pool.RayPool(planned_run(tmp_path, 1).spec, settings)
    try:
        while pool.n_free < n_cores:  # all there are
            pool.wait(1.0)
        joined = cluster.add_node(**_NODE, num_cpus=1)
        while pool.n_free <= n_cores:
            pool.wait(1.0)
    finally:
        pool.close()
        cluster.remove_node(joined)
