import os

import pytest

from hierbatch.engine.ray_settings import (
    LOOPBACK_ENV,
    WORKER_ENV,
    RaySettings,
    TimeoutPolicy,
    configure_ray_environment,
)

SETTINGS = RaySettings(n_workers=1, base_timeout_s=60.0, timeout_factor=20.0)


def test_a_unit_may_take_long_until_the_pace_is_known():
    policy = TimeoutPolicy(SETTINGS)
    assert policy.timeout_s(120.0) == 60.0 + 20.0 * 120.0
    policy.add(2.0, 100.0)
    policy.add(3.0, 100.0)
    assert policy.timeout_s(120.0) == 60.0 + 20.0 * 120.0
    policy.add(1.0, 100.0)
    assert policy.timeout_s(120.0) == 60.0 + 10 * 0.03 * 120.0


def test_a_slow_model_is_not_given_more_than_at_first_and_refused_rows_say_nothing_of_the_pace():
    policy = TimeoutPolicy(SETTINGS)
    for _ in range(3):
        policy.add(5.0, 0.0)
    assert policy.timeout_s(1.0) == 80.0
    for _ in range(3):
        policy.add(1000.0, 100.0)
    assert policy.timeout_s(120.0) == 60.0 + 20.0 * 120.0


@pytest.mark.parametrize("address", ["", "10.0.0.1:6379"])
def test_what_the_user_has_set_about_ray_stays(monkeypatch, address):
    names = [*LOOPBACK_ENV, *WORKER_ENV]
    for name in names:
        monkeypatch.setenv(name, "7")
    configure_ray_environment(address)
    assert [os.environ[name] for name in names] == ["7"] * len(names)


@pytest.mark.parametrize("address", ["", "10.0.0.1:6379"])
def test_usage_statistics_are_off_unless_the_user_enables_them(monkeypatch, address):
    for name in [*LOOPBACK_ENV, *WORKER_ENV]:
        monkeypatch.setenv(name, "")  # restored at the end of the test
        monkeypatch.delenv(name)
    configure_ray_environment(address)
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
