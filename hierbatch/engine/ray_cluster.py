"""Management of Ray: starting it on this machine, connecting to a cluster, and counting worker slots."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path

import ray

from hierbatch.engine.interrupts import preserve_sigterm_handler
from hierbatch.engine.ray_privacy import ray_folder, without_metadata_requests
from hierbatch.engine.ray_settings import LOOPBACK_ENV
from hierbatch.errors import RunError

_CONNECT_TIMEOUT_S = 10.0
_ROUNDING = 1e-9
_REFUSED = "Failed to connect to Ray cluster"
"""Beginning of Ray's error if a cluster refuses this driver because of a wrong token; Ray only logs the reason."""
_OBJECT_STORE_BYTES = 100 << 20
"""Size of Ray's object store, which holds work units but no audio."""


def count_worker_slots(
    gpus_per_worker: float, memory_bytes: int = 0, resources: Mapping[str, float] | None = None
) -> int:
    """Count the workers that fit on the nodes of the running Ray instance; each worker runs on a single node.

    Args:
        gpus_per_worker: number of GPUs, or a share of one GPU; 0 for workers on the CPU.
        memory_bytes: memory that is reserved for each worker; 0 reserves none.
        resources: further resources of each worker, as amounts by name.

    Returns:
        Number of workers; at least 1 for workers on the CPU.

    Raises:
        RunError: the workers need GPUs, and no node has both a CPU core and the GPUs of a worker.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    more = resources or {}
    if not gpus_per_worker:
        return max(1, sum(_further_slots(node, _cpu_slots(node, memory_bytes), more) for node in nodes))
    n_slots = sum(_further_slots(node, _slots_on_node(node, gpus_per_worker, memory_bytes), more) for node in nodes)
    if not n_slots:
        n_gpus = sum(node.get("GPU", 0) for node in nodes)
        raise RunError(
            "Ray has no GPU for a worker"
            if not n_gpus
            else "No machine has a CPU core and the GPUs that a worker needs",
            expected=f"one CPU core and {gpus_per_worker:g} GPU on one machine",
            got=f"{n_gpus:g} on {len(nodes)} machines",
            fix="run with --device cpu, set a smaller --gpus-per-worker, or check the GPU with `hierbatch doctor`",
        )
    return n_slots


def _cpu_slots(resources: Mapping[str, float], memory_bytes: int) -> int:
    n_cores = int(resources.get("CPU", 0))
    return min(n_cores, int(resources.get("memory", 0) // memory_bytes)) if memory_bytes else n_cores


def _further_slots(node: Mapping[str, float], n_slots: int, resources: Mapping[str, float]) -> int:
    """Number of worker slots that the further resources of a node allow, at most `n_slots`."""
    return min([n_slots, *(int(node.get(name, 0) / amount + _ROUNDING) for name, amount in resources.items())])


def _slots_on_node(resources: Mapping[str, float], gpus_per_worker: float, memory_bytes: int) -> int:
    """Number of GPU workers that fit on a node; a worker's share of a GPU is never divided between two GPUs."""
    n_gpus = resources.get("GPU", 0.0)
    if gpus_per_worker < 1:
        n_shares = int(n_gpus) * int(1 / gpus_per_worker + _ROUNDING)
    else:
        n_shares = int(n_gpus / gpus_per_worker + _ROUNDING)
    return min(_cpu_slots(resources, memory_bytes), n_shares)


def check_worker_slots(n_workers: int, gpus_per_worker: float, memory_bytes: int = 0) -> None:
    """Check that a number of workers does not exceed the slots of the running Ray instance.

    Args:
        n_workers: requested number of workers.
        gpus_per_worker: as in `count_worker_slots`.
        memory_bytes: as in `count_worker_slots`.

    Raises:
        RunError: too many workers, with the maximum in the message; or no node has the GPUs of a worker.
    """
    n_slots = count_worker_slots(gpus_per_worker, memory_bytes)
    if n_workers > n_slots:
        raise RunError(
            "There are too few resources for that many workers",
            expected=f"at most {n_slots}, with one CPU core and {gpus_per_worker:g} GPU each",
            got=str(n_workers),
            fix="set fewer --workers, or a smaller share each with --gpus-per-worker",
        )


@contextmanager
def ray_running(n_cpus: int, address: str = "") -> Iterator[None]:
    """Context in which Ray runs: the instance of this process, if any, or the cluster at `address`, or a new instance.

    A new instance listens on the loopback interface only, and its files are private and temporary.

    Args:
        n_cpus: number of CPU cores of a new instance.
        address: address of a cluster; `auto` to find a running one; empty for a new local instance.

    Raises:
        RunError: Ray does not start or cannot be reached; or it listens on a network interface although no cluster
            address was given.
    """
    if ray.is_initialized():
        if not address:
            _check_loopback()
        yield
        return
    with ExitStack() as cleanup:
        folder = None if address else cleanup.enter_context(ray_folder())
        cleanup.callback(ray.shutdown)
        with preserve_sigterm_handler():
            _start_ray(n_cpus, folder) if folder else _join_cluster(address)
        if not address:
            _check_loopback()
        yield


def _check_loopback() -> None:
    if not ip_address(ray.util.get_node_ip_address()).is_loopback:
        raise RunError(
            "Ray would listen on a network interface",
            expected="a loopback address",
            got=ray.util.get_node_ip_address(),
            fix=f"set {', '.join(f'{name}={value}' for name, value in LOOPBACK_ENV.items())} before importing ray, or "
            "pass the address of the cluster to connect to",
        )


def _join_cluster(address: str) -> None:
    try:
        host, _, port = address.rpartition(":")
        if host and port.isdigit():  # checked here first: Ray itself retries for many minutes
            socket.create_connection((host, int(port)), timeout=_CONNECT_TIMEOUT_S).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray raises many kinds of errors if the cluster does not respond
        if isinstance(error, ConnectionError) and _REFUSED in str(error):
            raise RunError(
                f"The Ray cluster at {address} answers, but refuses the connection",
                expected="the authentication token of the cluster",
                got=str(error).partition("\n")[0],
                fix="set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH, to those of the cluster",
            ) from error
        raise RunError(
            f"There is no Ray cluster at {address}",
            got=str(error).partition("\n")[0],
            fix="start one with `ray start --head` and pass its address, or `auto` on one of its machines",
        ) from error


def _start_ray(n_cpus: int, folder: Path) -> None:
    """Start a local Ray instance in up to three attempts: Ray's time limit of 30 s is too short for a busy machine."""
    for is_last in (False, False, True):
        try:
            with without_metadata_requests(folder):
                ray.init(
                    address="local",  # otherwise it connects to any cluster running on this machine
                    num_cpus=n_cpus,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    _temp_dir=str(folder / "ray"),  # Ray opens this folder to all users; the one around it is private
                )
        except Exception as error:  # Ray raises bare Exceptions if one of its processes does not start
            ray.shutdown()
            if is_last:
                raise RunError(
                    "Ray does not start",
                    got=str(error),
                    fix="try again when the machine is less busy, or run with --engine local",
                ) from error
        else:
            return
