import os

from hierbatch.engine.ray_settings import AT_WORK, Patience, RaySettings, keep_ray_at_home

SETTINGS = RaySettings(n_workers=1, patience_s=60.0, patience=20.0)


def test_a_unit_may_take_long_until_the_pace_is_known():
    patience = Patience(SETTINGS)
    assert patience.allows_s(120.0) == 60.0 + 20.0 * 120.0
    patience.add(2.0, 100.0)
    patience.add(3.0, 100.0)
    assert patience.allows_s(120.0) == 60.0 + 20.0 * 120.0
    patience.add(1.0, 100.0)
    assert patience.allows_s(120.0) == 60.0 + 10 * 0.03 * 120.0


def test_a_slow_model_is_not_given_more_than_at_first_and_refused_rows_say_nothing_of_the_pace():
    patience = Patience(SETTINGS)
    for _ in range(3):
        patience.add(5.0, 0.0)
    assert patience.allows_s(1.0) == 80.0
    for _ in range(3):
        patience.add(1000.0, 100.0)
    assert patience.allows_s(120.0) == 60.0 + 20.0 * 120.0


def test_what_the_user_has_set_about_ray_stays(monkeypatch):
    (niceness,) = AT_WORK
    monkeypatch.setenv(niceness, "7")
    keep_ray_at_home()
    assert os.environ[niceness] == "7"
