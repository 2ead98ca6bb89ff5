import pytest

from hierbatch.manifest.runs.run_layout import RunLayout


@pytest.fixture
def layout(tmp_path):
    (tmp_path / "plan").mkdir()
    (tmp_path / "parts").mkdir()
    return RunLayout(tmp_path)


def put(layout, *names):
    for name in names:
        (layout.plans / f"{name}.parquet").touch()


def stems(paths):
    return [path.stem for path in paths]


def test_the_plans_of_a_generation_are_its_own_and_no_other_file(layout):
    assert (layout.newest_generation(), layout.plan_files(1)) == (0, [])
    put(layout, "g0001", "g0001-voices", "g0001-sources", "g0002", "g0002-r002-ab", "g0002-r001-cd", "g0003-voices")
    assert layout.newest_generation() == 2
    assert stems(layout.plan_files(1)) == ["g0001"]
    assert stems(layout.plan_files(2)) == ["g0002", "g0002-r001-cd", "g0002-r002-ab"]


def test_of_a_joined_plan_and_those_it_was_made_of_it_alone_counts(layout):
    put(layout, "g0001", "g0001-r001-ab")
    joined = layout.joined_plan_file(1)
    put(layout, joined.stem)
    assert stems(layout.plan_files(1)) == ["g0001-j001"]
    assert sorted(stems(layout.replaced_plan_files(1))) == ["g0001", "g0001-r001-ab"]
    put(layout, layout.retry_plan_file(layout.plan_files(1), "ef").stem)
    assert stems(layout.plan_files(1)) == ["g0001-j001", "g0001-j001-r001-ef"]
    for path in layout.replaced_plan_files(1):
        path.unlink()
    assert stems(layout.plan_files(1)) == ["g0001-j001", "g0001-j001-r001-ef"]
    assert layout.newest_generation() == 1
    assert layout.joined_plan_file(1).stem == "g0001-j002"


def test_retries_of_an_earlier_version_had_no_rows_in_their_names(layout):
    put(layout, "g0001", "g0001-r001", "g0001-r002")
    assert stems(layout.plan_files(1)) == ["g0001", "g0001-r001", "g0001-r002"]


def test_two_drivers_that_plan_a_retry_at_once_have_two_files(layout):
    put(layout, "g0001")
    plans = layout.plan_files(1)
    one, other = layout.retry_plan_file(plans, "aa"), layout.retry_plan_file(plans, "bb")
    put(layout, one.stem, other.stem)
    assert layout.plan_files(1) == [*plans, one, other]
    assert layout.retry_plan_file(layout.plan_files(1), "aa") not in (one, other)


def test_compacted_parts_come_first(layout):
    names = ["g0001-u000001", "g0002-c0123456789ab-000000", "g0001-r001-c01dc0ffee00-u000000", "g0001-c000000"]
    for name in names:
        layout.part_file(name).touch()
    assert stems(layout.part_files()) == [names[3], names[1], names[2], names[0]]
