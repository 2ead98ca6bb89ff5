"""Recursive filter (cascade of second-order sections) over streamed sound, in NumPy.

A filter whose state has S numbers is a linear map: the outputs of 32 samples, and the state after them, are products of
constant matrices with these samples and the state before them. The states themselves follow a recursion of the same
form, one step per 32 samples, which is computed in groups of 32 steps in the same way. Only the recursion over these
groups is a loop in Python. The result equals that of a loop over samples to rounding.

Legend: L samples, C channels, N = 32 samples per step, K steps, S numbers of state.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_STEP_SAMPLES = 32

Numbers = npt.NDArray[np.float64]


class RecursiveFilter:
    """Filter of sound that arrives in blocks of any size; it starts from silence.

    Shape:
        sections  [n, 6]         numerator and denominator of each section; the first number of the denominator is 1
        block     [L] or [L, C]
        returns   like the block
    """

    def __init__(self, sections: npt.ArrayLike, n_channels: int = 1) -> None:
        shaped = np.asarray(sections, np.float64)
        self._maps = _step_maps(shaped.tobytes())
        self._state = np.zeros((n_channels, 2 * len(shaped)))

    def __call__(self, block: npt.NDArray[np.floating]) -> Numbers:
        """Filter the next block."""
        samples = np.asarray(block, np.float64).reshape(len(block), len(self._state)).T
        n_steps = samples.shape[1] // _STEP_SAMPLES
        steps = samples[:, : n_steps * _STEP_SAMPLES].reshape(len(samples), n_steps, _STEP_SAMPLES)
        states, self._state = _run_recursion(self._maps.transition, steps @ self._maps.drive, self._state)
        filtered = steps @ self._maps.response
        filtered += states @ self._maps.decay
        rest = samples[:, n_steps * _STEP_SAMPLES :]
        whole = np.concatenate([filtered.reshape(len(samples), -1), self._filter_rest(rest)], axis=1)
        return whole.T.reshape(block.shape)

    def _filter_rest(self, rest: Numbers) -> Numbers:
        """Filter fewer samples than a step has."""
        n_rest, maps = rest.shape[1], self._maps
        filtered: Numbers = rest @ maps.response[:n_rest, :n_rest] + self._state @ maps.decay[:, :n_rest]
        self._state = self._state @ maps.transitions[n_rest] + rest @ maps.drive[_STEP_SAMPLES - n_rest :]
        return filtered


class _StepMaps(NamedTuple):
    """Matrices of one step; each is multiplied by a row vector on its left."""

    response: Numbers
    """From the samples of the step to its output, [N, N]."""
    decay: Numbers
    """From the state before the step to its output, [S, N]."""
    drive: Numbers
    """From the samples of the step to the state after it, [N, S]."""
    transitions: tuple[Numbers, ...]
    """From the state before the step to the state after 0 to N of its samples, [S, S] each."""

    @property
    def transition(self) -> Numbers:
        """From the state before the step to the state after it, [S, S]."""
        return self.transitions[-1]


@lru_cache(maxsize=16)
def _step_maps(sections: bytes) -> _StepMaps:
    """Matrices of a cascade, from its coefficients as the bytes of a float64 array."""
    cascade = np.frombuffer(sections, np.float64).reshape(-1, 6)
    n_states = 2 * len(cascade)
    transition, output = _advance(cascade, np.eye(n_states), np.zeros(n_states))
    (drive,), (direct,) = _advance(cascade, np.zeros((1, n_states)), np.ones(1))
    transitions = [np.eye(n_states)]
    for _ in range(_STEP_SAMPLES):
        transitions.append(transitions[-1] @ transition)
    decay = np.stack([power @ output for power in transitions[:-1]], axis=1)
    drives = np.stack([drive @ power for power in transitions[-2::-1]])
    impulse = np.concatenate([[direct], drive @ decay[:, :-1]])
    lag = np.arange(_STEP_SAMPLES)[None, :] - np.arange(_STEP_SAMPLES)[:, None]
    response = np.where(lag >= 0, impulse[np.maximum(lag, 0)], 0.0)
    return _StepMaps(response, decay, drives, tuple(transitions))


def _advance(cascade: Numbers, state: Numbers, sample: Numbers) -> tuple[Numbers, Numbers]:
    """State and output of R parallel filters after one sample each (transposed direct form II).

    Shape:
        cascade  [n, 6]
        state    [R, 2 n]
        sample   [R]
        returns  [R, 2 n], [R]
    """
    after = np.empty_like(state)
    for i, (b0, b1, b2, _, a1, a2) in enumerate(cascade):
        filtered = b0 * sample + state[:, 2 * i]
        after[:, 2 * i] = b1 * sample - a1 * filtered + state[:, 2 * i + 1]
        after[:, 2 * i + 1] = b2 * sample - a2 * filtered
        sample = filtered
    return after, sample


def _run_recursion(transition: Numbers, drive: Numbers, state: Numbers) -> tuple[Numbers, Numbers]:
    """States before each step of `state <- state @ transition + drive`, and the state after the last.

    Shape:
        transition  [S, S]
        drive       [C, K, S]
        state       [C, S]
        returns     [C, K, S], [C, S]
    """
    n_channels, n_steps, n_states = drive.shape
    states = np.empty_like(drive)
    n_groups = n_steps // _STEP_SAMPLES
    first = n_groups * _STEP_SAMPLES
    if n_groups:
        maps = _group_maps(transition.tobytes(), n_states)
        groups = drive[:, :first].reshape(n_channels, n_groups, -1)
        starts, state = _run_recursion(maps.transition, groups @ maps.drive, state)
        states[:, :first] = (groups @ maps.response + starts @ maps.decay).reshape(n_channels, first, n_states)
    for step in range(first, n_steps):
        states[:, step] = state
        state = state @ transition + drive[:, step]
    return states, state


@lru_cache(maxsize=64)
def _group_maps(transition: bytes, n_states: int) -> _StepMaps:
    """Matrices of a group of 32 steps; its input is the drive of each step, its output the state before each step."""
    once = np.frombuffer(transition, np.float64).reshape(n_states, n_states)
    powers = [np.eye(n_states)]
    for _ in range(_STEP_SAMPLES):
        powers.append(powers[-1] @ once)
    zero = np.zeros((n_states, n_states))
    response = np.block(
        [
            [powers[later - step - 1] if later > step else zero for later in range(_STEP_SAMPLES)]
            for step in range(_STEP_SAMPLES)
        ]
    )
    return _StepMaps(response, np.hstack(powers[:-1]), np.vstack(powers[-2::-1]), tuple(powers))
