import os

from hierbatch.engine.ray_settings import WORKER_ENV, RaySettings, TimeoutPolicy, configure_ray_environment

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


def test_what_the_user_has_set_about_ray_stays(monkeypatch):
    (niceness,) = WORKER_ENV
    monkeypatch.setenv(niceness, "7")
    configure_ray_environment()
    assert os.environ[niceness] == "7"
