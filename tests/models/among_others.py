"""What "alone or among 31 others" means to the tests of every model: the lengths of the 32, and what is the same."""

import math

LENGTHS = tuple(1 + row * 7 % 23 for row in range(32))
"""Neighbours of very different length, the shortest and the longest among them; in whatever unit a model counts."""
SAME_DB = 60.0


def snr_db(wanted, found):
    """Of arrays or tensors of one shape: energy of what is wanted over that of the difference."""
    assert wanted.shape == found.shape
    signal, error = float((wanted**2).sum()), float(((wanted - found) ** 2).sum())
    assert signal > 0  # silence is near to anything
    return 10 * math.log10(signal / max(error, 1e-20))
