"""Trainings of these tests draw no pictures of their curves, which would take longer than the steps."""

import pytest

from hierbatch.training.trainer import curves


@pytest.fixture(autouse=True, scope="module")
def _no_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "draw_curves", lambda _lines, target: target.write_bytes(b""))
        yield
