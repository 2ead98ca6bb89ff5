"""Batches of a process, optionally created in a thread while the previous step runs."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from hierbatch.training.trainer.recipe import Recipe
from hierbatch.training.trainer.world import World


class StepBatches:
    """Source of this process's batches for each step; steps should be requested in increasing order."""

    def __init__(self, recipe: Recipe, world: World, n_accumulated: int, *, is_ahead: bool) -> None:
        """Create the source; a thread is started if `is_ahead`.

        Args:
            recipe: recipe that creates the batches.
            world: processes that share a step.
            n_accumulated: number of batches per process and step.
            is_ahead: True to create the batches of the next step in a thread.
        """
        self._recipe, self._world, self._n_accumulated = recipe, world, n_accumulated
        self._pool = ThreadPoolExecutor(1) if is_ahead else None
        self._next: tuple[int, Future[list[Any]]] | None = None

    def of_step(self, step: int) -> list[Any]:
        """Return the batches of a step."""
        if self._pool is None:
            return self._make(step)
        if self._next is not None and self._next[0] == step:
            batches = self._next[1].result()
        else:
            batches = self._make(step)
        self._next = step + 1, self._pool.submit(self._make, step + 1)
        return batches

    def close(self) -> None:
        """End the thread."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _make(self, step: int) -> list[Any]:
        first, n_batches = self._world.rank * self._n_accumulated, self._world.size * self._n_accumulated
        return [self._recipe.batch(step, first + index, n_batches) for index in range(self._n_accumulated)]
