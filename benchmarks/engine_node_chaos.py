"""End a random node of a Ray cluster again and again during a run, and compare the audio with an undisturbed run.

    python benchmarks/engine_node_chaos.py                      # three nodes, one ended every 60 s for 10 minutes
    python benchmarks/engine_node_chaos.py --nodes 2 --minutes 2 --every 20 --rows 1500

The nodes are processes of this machine (`ray.cluster_utils`), one core each; the head has none. A node is ended with
all its processes, as a spot machine is taken away, and a new one joins. The driver runs with `--ray-address` in a
process of its own and asks for as many workers as there are nodes. Printed are the time of each loss and the number of
parts; then the run ends undisturbed. Exits with 1 if no node was ended, an id is missing or occurs twice, or any audio
differs.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine_chaos import ENVIRONMENT, ROOT, command, compare, finish, n_lost, start, write_manifest

from hierbatch.engine.ray_settings import LOOPBACK_ENV, WORKER_ENV
from hierbatch.manifest.runs.run_layout import RunLayout

_NODE = {"object_store_memory": 80 << 20, "num_cpus": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10.0, help="time in which nodes are ended")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two losses")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seconds-a-row", type=float, default=0.05, help="time that the fake model takes for a row")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if disturb_cluster(Path(folder), options) else 1)


def disturb_cluster(folder: Path, options: argparse.Namespace) -> bool:
    """Run on a cluster that loses nodes; True if the result equals that of an undisturbed run."""
    sys.path.insert(0, str(ROOT))
    from tests.engine.fake_model import write_fake_bundle

    manifest, bundle = write_manifest(folder, options.rows, "fake"), write_fake_bundle(folder / "bundle")
    undisturbed, disturbed, log = folder / "undisturbed", folder / "disturbed", folder / "log.txt"
    finish(command(manifest, undisturbed, ["--model", str(bundle)], "local"), log)
    (bundle / "seconds-a-row").write_text(str(options.seconds_a_row))
    os.environ.update(LOOPBACK_ENV | WORKER_ENV | ENVIRONMENT)
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(
        initialize_head=True, head_node_args={**_NODE, "num_cpus": 0, "include_dashboard": False}, connect=False
    )
    try:
        nodes = [cluster.add_node(**_NODE) for _ in range(options.nodes)]
        arguments = command(manifest, disturbed, ["--model", str(bundle)], "ray")
        arguments[arguments.index("--workers") + 1] = str(options.nodes)
        arguments += ["--ray-address", cluster.address]
        n_ended = end_nodes(cluster, nodes, arguments, disturbed, log, options)
        (bundle / "seconds-a-row").write_text("0")
        finish(arguments, log)
    finally:
        cluster.shutdown()
    print(f"{n_ended} nodes ended; drivers logged {n_lost(disturbed)} lost units")
    return compare(undisturbed, disturbed, options.rows, to_the_byte=True) and n_ended > 0


def end_nodes(
    cluster: Any, nodes: list[Any], arguments: list[str], run: Path, log: Path, options: argparse.Namespace
) -> int:
    """Start the driver and end nodes until the time is over; returns the number of nodes ended.

    Args:
        cluster: the cluster.
        nodes: its nodes without the head; new ones take the places of those ended.
        arguments: command line of the driver.
        run: run folder.
        log: output of the driver.
        options: times and seed.
    """
    rng = random.Random(options.seed)
    driver = start(arguments, log)
    started, n_ended = time.monotonic(), 0
    print("| loss | after | committed parts |\n| --- | --- | --- |")
    while time.monotonic() - started < options.minutes * 60:
        time.sleep(options.every)
        if driver.poll() is not None:
            print(f"the run has ended with {driver.returncode}; use more --rows for more losses")
            print("\n".join(log.read_text().splitlines()[-12:]))
            break
        at = rng.randrange(len(nodes))
        cluster.remove_node(nodes[at], allow_graceful=False)
        nodes[at] = cluster.add_node(**_NODE)
        n_ended += 1
        n_parts = len(RunLayout(run).part_files())
        print(f"| {n_ended} | {time.monotonic() - started:.0f} s | {n_parts} |", flush=True)
    driver.wait()
    return n_ended


if __name__ == "__main__":
    main()
