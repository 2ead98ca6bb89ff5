"""Where the golden cases and published weights lie, for tests that read them."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("HIERBATCH_SHARED", Path(__file__).resolve().parents[3] / "shared"))
GOLDEN, PUBLISHED = SHARED / "golden", SHARED / "weights"


def golden(test):
    """Mark a test that reads golden cases."""
    return pytest.mark.shared(pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"no golden cases at {GOLDEN}")(test))


def published(test):
    """Mark a test that reads golden cases and published weights."""
    return golden(pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"no published weights at {PUBLISHED}")(test))
