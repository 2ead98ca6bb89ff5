import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.engine.work_units import WorkUnit
from hierbatch.manifest.runs.take_ids import row_names
from tests.engine.pending_rows import find_pending
from tests.engine.plan_rows import rows


def ids(unit):
    return unit.rows.column("id").to_pylist()


def test_pending_units_are_what_no_part_holds(tmp_path):
    plan = pa.concat_tables([rows(5, 0), rows(5, 1), rows(5, 2)])
    pq.write_table(plan, tmp_path / "g0001.parquet")
    done = plan.filter(pa.array([i in {0, 1, 2, 3, 4, 7} for i in range(15)]))
    pending = find_pending(tmp_path / "g0001.parquet", row_names(done))
    units = list(pending.units())
    assert [unit.name.partition(".")[0] for unit in units] == ["g0001-u000001", "g0001-u000002"]
    assert units[0].name != "g0001-u000001"  # what is left of a unit is never put down in its place
    assert units[1].name == "g0001-u000002"
    assert [ids(unit) for unit in units] == [["u1r0", "u1r1", "u1r3", "u1r4"], [f"u2r{i}" for i in range(5)]]
    assert (pending.n_rows, pending.expected_s) == (9, 18.0)


def test_a_unit_stays_whole_across_the_pieces_a_plan_is_read_in(tmp_path):
    plan = pa.concat_tables([rows(60, unit) for unit in range(40)])
    pq.write_table(plan, tmp_path / "g0001.parquet")
    pending = find_pending(tmp_path / "g0001.parquet", pa.array([], pa.large_string()))
    assert [unit.n_rows for unit in pending.units()] == [60] * 40


def test_units_of_one_number_are_distinguished_by_their_rows(tmp_path):
    """So did earlier versions join plans, each of which had counted its units from 0."""
    tables = [rows(2, 0), rows(40, 1), rows(3, 0), rows(1, 1), rows(2, 2)]
    listed = [table.append_column("at", pa.array([at] * len(table))) for at, table in enumerate(tables)]
    renamed = [t.set_column(0, "id", pa.array([f"{at} {i}" for i in range(len(t))])) for at, t in enumerate(listed)]
    plan = pa.concat_tables(renamed)
    pq.write_table(plan, tmp_path / "g0001.parquet")
    everything = list(find_pending(tmp_path / "g0001.parquet", row_names(plan.slice(0, 0))).units())
    assert [set(unit.rows.column("at").to_pylist()) for unit in everything] == [{0}, {1}, {2}, {3}, {4}]
    assert [unit.n_rows for unit in everything] == [2, 40, 3, 1, 2]
    assert len({unit.name for unit in everything}) == 5
    assert [unit.name for unit in everything if "." not in unit.name] == ["g0001-u000002"]
    done = pa.concat_tables([renamed[0], renamed[3]])
    left = list(find_pending(tmp_path / "g0001.parquet", row_names(done)).units())
    assert [unit.name for unit in left] == [everything[i].name for i in (1, 2, 4)]
    assert [unit.rows for unit in left] == [everything[i].rows for i in (1, 2, 4)]


def test_halves_hold_all_rows_under_names_of_their_own():
    unit = WorkUnit("u", rows(5))
    first, second = unit.halves()
    assert ids(first) + ids(second) == ids(unit)
    assert len({unit.name, first.name, second.name}) == 3


def test_pieces_share_a_name_only_where_they_hold_the_same_rows(tmp_path):
    """A driver that was killed with half a unit put down must not lose that half to the next driver's halves."""
    pq.write_table(rows(16), tmp_path / "g0001.parquet")
    (whole,) = find_pending(tmp_path / "g0001.parquet", row_names(rows(0))).units()
    first, second = whole.halves()
    (left,) = find_pending(tmp_path / "g0001.parquet", row_names(first.rows)).units()
    assert ids(left) == ids(second)
    assert left.name == second.name
    named = {unit.name: ids(unit) for unit in (whole, first, second)}
    for unit in left.halves():
        assert unit.name not in named
        assert unit.name.startswith("g0001-u000000.")


def test_a_refused_unit_carries_its_reason_in_its_rows():
    refused = WorkUnit("u", rows(1)).as_failed("crash", "it died").rows.to_pylist()
    assert (refused[0]["error_kind"], refused[0]["error"]) == ("crash", "it died")
