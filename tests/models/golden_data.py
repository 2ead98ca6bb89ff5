"""Where the golden cases and published weights lie, for tests that read them."""

import os
from pathlib import Path

import pytest
import torch

from tools.parity.comparison import GoldenNetworks
from tools.parity.golden import read_golden_folder

SHARED = Path(os.environ.get("HIERBATCH_SHARED", Path(__file__).resolve().parents[3] / "shared"))
GOLDEN, PUBLISHED = SHARED / "golden", SHARED / "weights"


def golden(test):
    """Mark a test that reads golden cases."""
    return pytest.mark.shared(pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"no golden cases at {GOLDEN}")(test))


def published(test):
    """Mark a test that reads golden cases and published weights."""
    return golden(pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"no published weights at {PUBLISHED}")(test))


def golden_networks(weights=None):
    """Networks of the golden folder, each made when it is first asked for."""
    return GoldenNetworks(read_golden_folder(GOLDEN), weights)


ON_PUBLISHED_WEIGHTS = {"speechsr_real", "e2e"}
"""Modules whose cases need published weights."""


def checked(module, check, weights=None, networks=None):
    """What a check finds for every golden case of a module, by case."""
    networks = networks or golden_networks(weights)
    with torch.inference_mode():
        return {case.case: check(case, networks) for case in networks.folder.cases if case.module == module}
