"""Random state of a step, so that a resumed run draws the same random numbers as an uninterrupted run.

Nothing random is carried from one step to the next: before every step, the generators of Python, NumPy and torch are
seeded from the run's seed, the step and the process. The random choices of a row come from a separate generator.
"""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_step(seed: int, step: int, rank: int) -> None:
    """Seed all global generators for one step of one process, numbered by `rank`."""
    python, numpy, pytorch = np.random.SeedSequence([seed, step, rank]).generate_state(3)
    random.seed(int(python))
    np.random.seed(int(numpy))
    torch.manual_seed(int(pytorch))


def row_generator(seed: int, step: int, row: int) -> np.random.Generator:
    """Generator of the random choices of one row, independent of the process that computes the row."""
    return np.random.default_rng(np.random.SeedSequence([seed, step, row, 1]))
