import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.engine import committed_rows, part_listing
from hierbatch.engine.committed_rows import CommittedRows
from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.runs import name_join, run_layout
from hierbatch.manifest.runs.name_join import find_planned_rows
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, row_names
from tests.engine.plan_rows import rows

N_UNITS, UNIT_ROWS = 9, 3


def plan_table(n_units=N_UNITS):
    return pa.concat_tables([rows(UNIT_ROWS, unit) for unit in range(n_units)])


@pytest.fixture
def folder(tmp_path):
    found = RunFolder(tmp_path)
    found.make()
    pq.write_table(plan_table(), found.plan_file(1), row_group_size=5)
    return found


def commit(folder, name, table):
    part = folder.part_file(name)
    part.parent.mkdir(exist_ok=True)
    pq.write_table(table.select(TAKE_ID_COLUMNS), part)


def unit_rows(unit):
    return plan_table().slice(unit * UNIT_ROWS, UNIT_ROWS)


def pending_ids(folder, *, save=True):
    """Ids without a take, and the number of parts that were read to know it."""
    found = CommittedRows(folder, 1)
    found.refresh()
    if save:
        found.save()
    units = [unit for plan in found.plans for unit in found.pending(plan).units()]
    return [row_id for unit in units for row_id in unit.rows.column("id").to_pylist()], found.n_read


def by_names(folder):
    """The same by the names of all takes, without units or an index."""
    made = pa.concat_tables([pq.read_table(part) for part in folder.part_files()] or [plan_table().slice(0, 0)])
    names = set(row_names(made).to_pylist())
    table = plan_table()
    listed = zip(table.column("id").to_pylist(), row_names(table).to_pylist(), strict=True)
    return [row_id for row_id, name in listed if name not in names]


def test_only_parts_that_the_index_does_not_know_are_read(folder):
    for unit in (0, 1, 4):
        commit(folder, f"g0001-u{unit:06d}", unit_rows(unit))
    commit(folder, "g0001-u000005.abc", unit_rows(5).slice(1, 1))
    assert pending_ids(folder) == (by_names(folder), 4)
    assert pending_ids(folder) == (by_names(folder), 0)
    commit(folder, "g0001-u000002", unit_rows(2))
    commit(folder, "g0001-c0123456789ab-000000", pa.concat_tables([unit_rows(7), unit_rows(5).slice(0, 1)]))
    assert pending_ids(folder) == (by_names(folder), 2)
    assert pending_ids(folder) == (by_names(folder), 0)


def test_a_removed_part_counts_no_longer(folder):
    for unit in (0, 1):
        commit(folder, f"g0001-u{unit:06d}", unit_rows(unit))
    for number in (0, 1):
        commit(folder, f"g0001-u000005.{number}", unit_rows(5).slice(number, 1))
    pending_ids(folder)
    for name in ("g0001-u000001", "g0001-u000005.0"):
        folder.part_file(name).unlink()
    ids, _ = pending_ids(folder)
    assert ids == by_names(folder)
    assert {"u1r0", "u5r0"} < set(ids)
    assert "u5r1" not in ids


@pytest.mark.parametrize("damage", ["missing", "empty", "torn", "foreign", "other plan"])
def test_without_a_usable_index_the_parts_are_read_again(folder, damage):
    for unit in (0, 3, 8):
        commit(folder, f"g0001-u{unit:06d}", unit_rows(unit))
    expected, _ = pending_ids(folder)
    index = folder.index / "committed.arrow"
    content = index.read_bytes()
    if damage == "missing":
        index.unlink()
    elif damage == "foreign":
        pq.write_table(plan_table(), index)
    elif damage == "other plan":  # deleted and made again under the same name, with other units
        folder.plan_file(1).unlink()
        table = pa.concat_tables([rows(UNIT_ROWS * 3, unit) for unit in range(3)])
        ids = plan_table().column("id")
        pq.write_table(table.set_column(table.schema.get_field_index("id"), "id", ids), folder.plan_file(1))
    else:
        index.write_bytes(content[: len(content) // 2 if damage == "torn" else 0])
    ids, n_read = pending_ids(folder)
    assert sorted(ids) == sorted(expected)
    assert n_read >= 3


def test_a_part_with_other_rows_than_its_name_says_is_believed_by_its_rows(folder):
    commit(folder, "g0001-u000001", unit_rows(6))
    for _ in range(2):
        assert pending_ids(folder)[0] == by_names(folder)


def test_any_mixture_of_parts_gives_the_rows_that_their_names_give(folder, monkeypatch):
    """Also with two parts to a folder, and an index of any age."""
    monkeypatch.setattr(run_layout, "FOLDER_PARTS", 2)
    rng = random.Random(4)
    for number in range(30):
        unit, kind = rng.randrange(N_UNITS), rng.choice(("whole", "piece", "compacted", "other", "removed"))
        if kind == "whole":
            commit(folder, f"g0001-u{unit:06d}", unit_rows(unit))
        elif kind == "piece":
            commit(folder, f"g0001-u{unit:06d}.{number}", unit_rows(unit).slice(rng.randrange(3), 1))
        elif kind == "compacted":
            commit(folder, f"g0001-c{number:012x}-{number:06d}", unit_rows(unit).slice(0, 2))
        elif kind == "other":
            commit(folder, f"g0002-u{unit:06d}", unit_rows(unit).slice(1))
        elif files := folder.part_files():
            rng.choice(files).unlink()
        assert pending_ids(folder, save=rng.random() < 0.5)[0] == by_names(folder)
    assert len(folder.part_folders()) > 3


def test_parts_of_earlier_versions_are_all_in_one_folder(folder, monkeypatch):
    for unit in range(5):
        commit(folder, f"g0001-u{unit:06d}", unit_rows(unit if unit != 3 else 7))
    monkeypatch.setattr(run_layout, "FOLDER_PARTS", 2)
    assert pending_ids(folder)[0] == by_names(folder)


def test_finished_units_are_in_the_index_without_being_read(folder):
    running = CommittedRows(folder, 1)
    running.refresh()
    for unit in range(4):
        commit(folder, f"g0001-u{unit:06d}", unit_rows(unit))
        running.add(f"g0001-u{unit:06d}", save_after=3)
    assert pending_ids(folder, save=False) == (by_names(folder), 1)  # saved after three of four
    running.save()
    assert pending_ids(folder) == (by_names(folder), 0)


def test_a_plan_of_retakes_takes_what_other_generations_have(folder):
    """A generation that returns to earlier settings has the retakes of that time."""
    again = unit_rows(3).set_column(2, "attempt", pa.array([2] * UNIT_ROWS, pa.int16()))
    commit(folder, "g0000-r001-ab-u000000", again.slice(0, 1))
    commit(folder, "g0001-u000003", unit_rows(3))
    found = CommittedRows(folder, 1)
    found.refresh()
    plan = folder.plans / "g0001-r001-cd.parquet"
    pq.write_table(again, plan)
    (unit,) = found.pending(found.add_plan(plan)).units()
    assert unit.rows.column("id").to_pylist() == ["u3r1", "u3r2"]


def test_full_folders_of_an_object_store_are_not_listed_at_a_start(folder, monkeypatch):
    for module in (run_layout, committed_rows):
        monkeypatch.setattr(module, "FOLDER_PARTS", 2, raising=False)
    monkeypatch.setattr("hierbatch.engine.plan_commits.FOLDER_PARTS", 2)
    monkeypatch.setattr(committed_rows, "is_remote", lambda path: True)
    for unit in range(7):
        commit(folder, f"g0001-u{unit:06d}", unit_rows(unit))
    pending_ids(folder)
    listed, list_folder = [], part_listing.list_folder
    monkeypatch.setattr(part_listing, "list_folder", lambda path: listed.append(path.name) or list_folder(path))
    folder.part_file("g0001-u000003").unlink()
    found = CommittedRows(folder, 1)
    found.refresh(complete=False)
    assert listed == ["parts", "g0001-u00003"]
    assert found.pending(found.plans[0]).n_rows == 2 * UNIT_ROWS
    found.refresh()
    assert found.pending(found.plans[0]).n_rows == 3 * UNIT_ROWS  # the removed part is noticed before the end


@pytest.mark.parametrize("bucket_names", [1 << 20, 16])
def test_takes_are_joined_with_their_planned_rows(monkeypatch, bucket_names):
    monkeypatch.setattr(name_join, "_BUCKET_NAMES", bucket_names)
    table = pa.concat_tables([rows(50, unit) for unit in range(6)])
    names = row_names(table)
    order = np.random.default_rng(0).permutation(len(names))
    other = row_names(rows(20, 99))
    committed = [names.take(pa.array(order[:200])), other, names.take(pa.array(order[:3]))]
    found = find_planned_rows(committed, [names.slice(0, 70), names.slice(70)], len(names))
    assert found.tolist() == [*order[:200].tolist(), *[-1] * 20, *order[:3].tolist()]
