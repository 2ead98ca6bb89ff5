"""A planned run through a pool of real Ray workers."""

from dataclasses import dataclass

from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.engine.dispatch import Dispatcher
from hierbatch.engine.progress import Progress, RunListener
from hierbatch.engine.ray_settings import RaySettings
from hierbatch.manifest.takes.takes import Takes


@dataclass
class Worked:
    ending: str
    error_kinds: dict
    """Of every id that has a take; None where it is good."""
    events: list


def work(ray_pool, run, listener=None, max_failed_ratio=1.0, **settings):
    units = run.units()
    pool = ray_pool.RayPool(run.spec, RaySettings(**{"n_workers": 2} | settings))
    events = []
    try:
        progress = Progress(n_rows=sum(unit.n_rows for unit in units), n_done_before=0, expected_s=1.0)
        dispatcher = Dispatcher(
            pool=pool,
            progress=progress,
            circuit_breaker=CircuitBreaker(max_failed_ratio=max_failed_ratio),
            is_stopping=lambda: False,
            log_event=lambda event, **facts: events.append((event, facts)),
            listener=listener or RunListener(),
        )
        ending = dispatcher.run(iter(units))
    finally:
        pool.close()
    takes = Takes(run.folder.root).table(["id", "error_kind"]).to_pylist()
    return Worked(ending, {take["id"]: take["error_kind"] for take in takes}, events)
