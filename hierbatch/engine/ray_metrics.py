"""Metrics of a run on a cluster, which Ray exposes to Prometheus; `deploy/grafana.json` is a dashboard for them."""

from __future__ import annotations

from ray.util.metrics import Counter, Gauge, Histogram

from hierbatch.engine.progress import Progress

_UNIT_SECONDS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


class RunMetrics:
    """Rows, seconds of audio, seconds per work unit, rows left and units at the workers; written by the driver."""

    def __init__(self) -> None:
        self._rows = Counter("hierbatch_rows", "Rows with a take.", tag_keys=("status",))
        self._sound = Counter("hierbatch_sound_seconds", "Seconds of audio.")
        self._unit = Histogram("hierbatch_unit_seconds", "Seconds of work per unit.", boundaries=_UNIT_SECONDS)
        self._left = Gauge("hierbatch_rows_left", "Rows without a take.")
        self._queue = Gauge("hierbatch_units_in_hand", "Work units at the workers.")
        self._seen = {"ok": 0, "failed": 0}
        self._seen_sound_s = 0.0

    def add_unit(self, work_s: float) -> None:
        """Count a finished work unit."""
        self._unit.observe(work_s)

    def observe(self, progress: Progress, n_in_hand: int) -> None:
        """Publish the increase of the counts since the last call; decreases, which retakes cause, are not published.

        Args:
            progress: counts of the run.
            n_in_hand: number of units in progress or queued at a worker.
        """
        for status, n_rows in (("ok", progress.n_ok), ("failed", progress.n_failed)):
            if n_rows > self._seen[status]:
                self._rows.inc(n_rows - self._seen[status], tags={"status": status})
            self._seen[status] = n_rows
        if progress.sound_s > self._seen_sound_s:
            self._sound.inc(progress.sound_s - self._seen_sound_s)
            self._seen_sound_s = progress.sound_s
        self._left.set(progress.n_rows - progress.n_done)
        self._queue.set(n_in_hand)
