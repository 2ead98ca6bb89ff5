import math

import pytest

from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.engine.dispatch import Dispatcher
from hierbatch.engine.pool import FinishedUnit, LostUnit
from hierbatch.engine.progress import Progress, RunListener
from hierbatch.engine.work_units import WorkUnit, WorkUnitReport
from hierbatch.errors import RunError, StorageError
from tests.engine.plan_rows import rows


class ScriptedPool:
    """Workers that die of certain rows, always or some number of times; finishes one unit a wait."""

    holds_ahead, most_in_hand = False, 0

    def __init__(self, kills=(), kills_once=(), fails=(), n_workers=2):
        self.kills, self.kills_once, self.fails, self.n_workers = set(kills), set(kills_once), set(fails), n_workers
        self.in_hand, self.replace_file, self.n_deaths = [], [], 0

    @property
    def n_free(self):
        return max(0, self.n_workers - len(self.in_hand))

    @property
    def n_ahead(self):
        return 2 * self.n_workers - len(self.in_hand) if self.holds_ahead else 0

    @property
    def n_busy(self):
        return len(self.in_hand)

    def observe(self, progress):
        self.most_in_hand = max(self.most_in_hand, len(self.in_hand) + 1)  # one has just ended

    def submit(self, unit):
        assert self.n_free > 0 or self.n_ahead > 0
        self.in_hand.append(unit)

    def wait(self, timeout_s):
        unit = self.in_hand.pop(0)
        listed = unit.rows.to_pylist()
        alive = {row["id"] for row in listed if not row["error_kind"]}
        if alive & (self.kills | self.kills_once):
            self.kills_once -= alive
            self.n_deaths += 1
            return [LostUnit(unit, "crash")]
        failed = [row for row in listed if row["error_kind"] or row["id"] in self.fails]
        self.replace_file += [(row["id"], row["error_kind"]) for row in listed]
        kinds = {"crash": len(failed)} if failed else {}
        return [
            FinishedUnit(
                unit,
                WorkUnitReport(
                    n_ok=len(listed) - len(failed),
                    n_failed=len(failed),
                    sound_s=2.0,
                    work_s=0.1,
                    error_kinds=kinds,
                    reasons=kinds,
                ),
            )
        ]

    def close(self):
        pass


def dispatch(pool, units, is_stopping=lambda: False, circuit_breaker=None, expected_s=1e6, requested=None):
    progress = Progress(n_rows=sum(unit.n_rows for unit in units), n_done_before=0, expected_s=expected_s)
    dispatcher = Dispatcher(
        pool=pool,
        progress=progress,
        circuit_breaker=circuit_breaker or CircuitBreaker(max_failed_ratio=1.0),
        is_stopping=is_stopping,
        log_event=lambda *_, **__: None,
        listener=RunListener(),
        requested=requested,
    )
    return dispatcher.run(iter(units)), progress


def units(n_units, n_rows=16):
    return [WorkUnit(f"u{number}", rows(n_rows, number)) for number in range(n_units)]


@pytest.mark.parametrize("killer", ["u1r0", "u1r7", "u1r15"])
def test_the_row_that_kills_is_found_by_halving_and_its_neighbours_ship(killer):
    pool = ScriptedPool(kills=[killer])
    ending, progress = dispatch(pool, units(3))
    assert ending == "done"
    assert sorted(row_id for row_id, _ in pool.replace_file) == sorted(f"u{u}r{r}" for u in range(3) for r in range(16))
    assert [(row_id, kind) for row_id, kind in pool.replace_file if kind] == [(killer, "crash")]
    assert pool.n_deaths == math.log2(16) + 2  # down to one row, and twice alone
    assert (progress.n_ok, progress.n_failed) == (47, 1)


def test_two_killers_in_one_unit_are_both_found():
    pool = ScriptedPool(kills=["u0r3", "u0r12"])
    dispatch(pool, units(1))
    assert sorted(row_id for row_id, kind in pool.replace_file if kind) == ["u0r12", "u0r3"]
    assert len(pool.replace_file) == 16


def test_a_worker_that_dies_by_chance_costs_no_row():
    pool = ScriptedPool(kills_once=["u0r5"])
    ending, progress = dispatch(pool, units(2))
    assert (ending, progress.n_ok, progress.n_failed, pool.n_deaths) == ("done", 32, 0, 1)


def test_a_lone_row_may_die_once():
    pool = ScriptedPool(kills_once=["u0r0"])
    _, progress = dispatch(pool, units(1, n_rows=1))
    assert (progress.n_ok, progress.n_failed) == (1, 0)


def test_when_asked_to_stop_only_what_is_in_hand_is_finished():
    pool = ScriptedPool()
    asked = iter([False, False, True])
    ending, progress = dispatch(pool, units(20), is_stopping=lambda: next(asked, True))
    assert ending == "interrupted"
    assert pool.n_busy == 0
    assert progress.n_ok == 3 * 16  # two workers had units when the request was seen, one had been finished


def test_a_request_after_the_last_unit_does_not_make_a_finished_run_interrupted():
    pool = ScriptedPool()
    asked = iter([False])
    assert dispatch(pool, units(2), is_stopping=lambda: next(asked, True))[0] == "done"


def test_a_run_in_which_everything_fails_stops_early():
    pool = ScriptedPool(fails=[f"u{u}r{r}" for u in range(100) for r in range(16)])
    ending, progress = dispatch(pool, units(100), circuit_breaker=CircuitBreaker(max_failed_ratio=0.2, min_rows=50))
    assert ending == "failures"
    assert 50 <= progress.n_failed < 200


def test_few_failures_do_not_stop_a_run():
    pool = ScriptedPool(fails=[f"u{u}r0" for u in range(20)])
    assert dispatch(pool, units(20), circuit_breaker=CircuitBreaker(max_failed_ratio=0.2, min_rows=50))[0] == "done"


def test_towards_the_end_units_are_divided_so_that_no_worker_is_left_alone():
    sizes = []

    class Watched(ScriptedPool):
        def submit(self, unit):
            sizes.append(unit.expected_s)
            super().submit(unit)

    pool = Watched(n_workers=2)
    dispatch(pool, units(4, n_rows=60), expected_s=480.0)  # four units of 120 s
    assert sorted(row_id for row_id, _ in pool.replace_file) == sorted(f"u{u}r{r}" for u in range(4) for r in range(60))
    assert sizes[0] == 120.0
    assert max(sizes[-4:]) <= 30.0
    assert min(sizes) > 5.0


def test_a_worker_alone_has_its_units_whole():
    pool = ScriptedPool(n_workers=1)
    assert dispatch(pool, units(2, n_rows=60), expected_s=240.0)[1].n_ok == 120
    assert len(pool.replace_file) == 120


def test_an_error_of_the_setup_ends_the_run():
    class FullDisk(ScriptedPool):
        def wait(self, timeout_s):
            raise StorageError("the disk is full")

    with pytest.raises(StorageError):
        dispatch(FullDisk(), units(1))


def test_workers_that_die_even_on_a_row_given_up_end_the_run():
    class DeadlyPool(ScriptedPool):
        def wait(self, timeout_s):
            self.n_deaths += 1
            assert self.n_deaths < 10
            return [LostUnit(self.in_hand.pop(0), "crash")]

    with pytest.raises(RunError, match="rows without work"):
        dispatch(DeadlyPool(), units(1, n_rows=1))


class PoolWithWaitingUnits(ScriptedPool):
    """Its workers have a second unit in hand; when one dies, that unit comes back untouched."""

    holds_ahead = True

    def wait(self, timeout_s):
        (ended,) = super().wait(timeout_s)
        if isinstance(ended, LostUnit) and self.in_hand:
            return [ended, LostUnit(self.in_hand.pop(), "waiting")]
        return [ended]


@pytest.mark.parametrize(("expected_s", "most"), [(1e6, 4), (300.0, 2)])
def test_workers_have_a_second_unit_in_hand_far_from_the_end(expected_s, most):
    pool = PoolWithWaitingUnits()
    dispatch(pool, units(12), expected_s=expected_s)
    assert pool.most_in_hand == most


def test_a_unit_that_waited_at_a_dead_worker_is_neither_halved_nor_blamed():
    asked = units(10)
    pool = PoolWithWaitingUnits(kills={"u3r5"})
    ending, progress = dispatch(pool, asked)
    assert (ending, progress.n_ok, progress.n_failed) == ("done", 159, 1)
    assert sorted(row for row, _ in pool.replace_file) == sorted(f"u{u}r{r}" for u in range(10) for r in range(16))
    assert [row for row, kind in pool.replace_file if kind] == ["u3r5"]


class Listener:
    """A listener who works on the run, and requests nothing."""

    is_listened_to = True

    def plan_waiting(self):
        return []


@pytest.mark.parametrize("n_workers", [1, 3])
def test_while_somebody_listens_units_have_at_most_15_seconds_of_audio(n_workers):
    whole = [WorkUnit("u0", rows(64, 0)), WorkUnit("u1", rows(3, 1))]
    row_s = whole[0].expected_s / 64
    pool, lengths_s = ScriptedPool(n_workers=n_workers), []
    submit = pool.submit
    pool.submit = lambda unit: (lengths_s.append(unit.expected_s), submit(unit))
    _, progress = dispatch(pool, whole, requested=Listener())
    assert progress.n_ok == 67
    assert len(set(pool.replace_file)) == len(pool.replace_file) == 67
    assert row_s < 15.0 < whole[0].expected_s
    assert max(lengths_s) <= 15.0
