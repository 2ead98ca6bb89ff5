"""Rules that hold for every test, and the guard of the fast lane."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from hierbatch.engine.ray_settings import configure_ray_environment
from tests.plugins_path import add_plugins

_SLOW_PROGRAMS = ("java", "chromium", "google-chrome", "gcs_server", "raylet", "ipykernel")
_SLOW_EVENTS: list[str] = []
"""Slow programs and servers that this process has begun to use since the last test ended."""


def _watch(event: str, arguments: tuple) -> None:
    if event == "subprocess.Popen":
        _, words, *_ = arguments
        named = " ".join(Path(str(word)).name for word in ([words] if isinstance(words, str) else words)[:3])
        _SLOW_EVENTS.extend(name for name in _SLOW_PROGRAMS if name in named)
    elif event == "import" and arguments[0] == "moto.server":
        _SLOW_EVENTS.append("an object store")


def pytest_configure() -> None:
    add_plugins()
    import pandas as pd  # noqa: F401 - a command of a test would end pyarrow's use of it for all tests after it

    # Ray reads its environment when it is imported, and whichever test comes first may import it.
    configure_ray_environment()
    sys.addaudithook(_watch)
    # The same examples on every machine, and no clock: a busy machine must not fail a test.
    settings.register_profile(
        "hierbatch",
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=60,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    settings.load_profile("hierbatch")


@pytest.fixture(autouse=True)
def _lane(request: pytest.FixtureRequest):
    """Fail a test of the fast lane that starts Ray, a server, a browser, a Java machine or a notebook's kernel."""
    yield
    started = sorted(set(_SLOW_EVENTS))
    _SLOW_EVENTS.clear()
    is_slow = request.node.get_closest_marker("slow") is not None
    assert is_slow or not started, f"starts {', '.join(started)}. Fix: mark it with pytest.mark.slow"
