"""Ray itself: started on this machine or joined elsewhere, and how many workers it has room for."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address

import ray

from hierbatch.engine.interrupts import sigterm_kept
from hierbatch.engine.ray_settings import AT_HOME
from hierbatch.errors import RunError

_KNOCK_S = 10.0
_ROUNDING = 1e-9
_OBJECT_STORE_BYTES = 100 << 20
"""Room for units on their way; there is no sound in it."""


def count_places(gpus_a_worker: float) -> int:
    """Workers that the running Ray has room for, node by node: no worker is spread over two of them.

    Raises:
        RunError: the workers need GPUs, and on no node does Ray see one with a core beside it.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not gpus_a_worker:
        return max(1, sum(int(resources.get("CPU", 0)) for resources in nodes))
    n_places = sum(_places_on_node(resources, gpus_a_worker) for resources in nodes)
    if not n_places:
        n_gpus = sum(resources.get("GPU", 0) for resources in nodes)
        raise RunError(
            "Ray sees no GPU for a worker" if not n_gpus else "No machine has a core and the GPUs that a worker needs",
            wanted=f"one core and {gpus_a_worker:g} of a GPU on a machine",
            got=f"{n_gpus:g} on {len(nodes)} machines",
            mend="run with --device cpu, ask for less with --gpus-a-worker, or look why torch and Ray see no GPU",
        )
    return n_places


def _places_on_node(resources: Mapping[str, float], gpus_a_worker: float) -> int:
    """A share of less than a GPU lies on one GPU: of two, what is left over of each makes no third place."""
    n_gpus = resources.get("GPU", 0.0)
    if gpus_a_worker < 1:
        n_shares = int(n_gpus) * int(1 / gpus_a_worker + _ROUNDING)
    else:
        n_shares = int(n_gpus / gpus_a_worker + _ROUNDING)
    return min(int(resources.get("CPU", 0)), n_shares)


def check_places(n_workers: int, gpus_a_worker: float) -> None:
    """Refuse more workers than there will ever be room for.

    Raises:
        RunError: naming how many there is room for.
    """
    n_places = count_places(gpus_a_worker)
    if n_workers > n_places:
        raise RunError(
            "There is no room for so many workers",
            wanted=f"at most {n_places}, of one core and {gpus_a_worker:g} GPU each",
            got=str(n_workers),
            mend="ask for fewer with --workers, or for a smaller share each with --gpus-a-worker",
        )


@contextmanager
def ray_running(n_cpus: int, address: str = "") -> Iterator[None]:
    """Ray for the length of a block: the one that runs already, the cluster at an address, or one of our own that
    listens on this machine only.

    Raises:
        RunError: Ray does not start or cannot be reached; or it listens, or would listen, to the network and nobody
            has named its address.
    """
    if ray.is_initialized():
        if not address:
            _check_is_at_home()
        yield
        return
    try:
        with sigterm_kept():
            _join_cluster(address) if address else _start_ray(n_cpus)
        if not address:
            _check_is_at_home()
        yield
    finally:
        ray.shutdown()


def _check_is_at_home() -> None:
    if not ip_address(ray.util.get_node_ip_address()).is_loopback:
        raise RunError(
            "Ray would listen to the network",
            wanted="an address of this machine alone",
            got=ray.util.get_node_ip_address(),
            mend=f"set {', '.join(f'{name}={value}' for name, value in AT_HOME.items())} before importing ray, or name "
            "the address of the cluster that you mean to join",
        )


def _join_cluster(address: str) -> None:
    try:
        host, _, port = address.rpartition(":")
        if host and port.isdigit():  # asked here first: Ray itself knocks for many minutes where nobody is at home
            socket.create_connection((host, int(port)), timeout=_KNOCK_S).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray raises errors of many kinds where nobody answers
        raise RunError(
            f"There is no Ray cluster at {address}",
            got=str(error).partition("\n")[0],
            mend="start one with `ray start --head` and name its address, or `auto` on one of its machines",
        ) from error


def _start_ray(n_cpus: int) -> None:
    """Ray gives its processes half a minute to come up, which a busy machine may not grant the first time."""
    for is_last in (False, False, True):
        try:
            ray.init(
                address="local",  # or it joins whatever cluster somebody has started on this machine
                num_cpus=n_cpus,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                object_store_memory=_OBJECT_STORE_BYTES,
            )
        except Exception as error:  # Ray raises bare Exceptions where one of its processes does not come up
            ray.shutdown()
            if is_last:
                raise RunError(
                    "Ray does not start",
                    got=str(error),
                    mend="try again when the machine is less busy, or run with --engine local",
                ) from error
        else:
            return
