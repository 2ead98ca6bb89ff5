import time

import pytest

from hierbatch.desk.desk import Desk
from hierbatch.desk.respeak_thread import RespeakThread
from hierbatch.desk.run_view import RunView
from hierbatch.desk.writer import Writer
from hierbatch.engine.run_folder import RunFolder, lock_run
from hierbatch.jobs.run import run
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import DeviceChoice
from tests.desk.waiting import wait_for
from tests.engine.fake_model import spoken
from tests.jobs.running import job


@pytest.fixture
def desk(tmp_path):
    made = job(tmp_path, 3)
    run(made)
    respeak = RespeakThread(made.out, DeviceChoice())
    respeak.start()
    desk = Desk(RunView(made.out), Writer(made.out / "desk.lock", is_wanted=True), respeak)
    yield desk
    desk.close()


def takes(desk, row="r001"):
    return desk.row(row)["takes"]


def test_new_takes_are_made_beside_the_old_one_which_counts_until_one_is_pinned(desk, tmp_path):
    before = Takes(tmp_path / "run").sounds(["r000", "r001", "r002"])
    [request] = desk.speak({"id": "r001", "n_takes": 2, "edit": {"text": "Good evening.", "speed": 1.2}})["requests"]
    assert request["n_takes"] == 2
    wait_for(lambda: len(takes(desk)) == 3)
    assert [take["is_current"] for take in takes(desk)] == [True, False, False]
    assert desk.row("r001")["requests"] == []
    assert Takes(tmp_path / "run").sounds(["r000", "r001", "r002"]) == before
    row = desk.decide({"id": "r001", "take": takes(desk)[2]["name"], "verdict": "pin"})
    assert (row["text"], row["speed"], row["verdict"]) == ("Good evening", 1.2, "pin")
    assert desk.undo({})["row"] == "r001"
    assert Takes(tmp_path / "run").sounds(["r001"]) == {"r001": before["r001"]}


def test_the_worker_stays_loaded(desk, tmp_path):
    n_spoken = len(spoken(tmp_path / "bundle"))
    for n_takes in (2, 3):
        desk.speak({"id": "r000"})
        wait_for(lambda n=n_takes: len(takes(desk, "r000")) == n)
    assert len(spoken(tmp_path / "bundle")) == n_spoken + 2


def test_while_a_driver_holds_the_run_the_request_waits(desk, tmp_path):
    with lock_run(RunFolder(tmp_path / "run")):
        desk.speak({"id": "r001"})
        time.sleep(0.3)
        assert desk.row("r001")["requests"][0]["is_open"]
        assert len(takes(desk)) == 1
    wait_for(lambda: len(takes(desk)) == 2)


def test_a_request_that_cannot_be_spoken_is_refused_with_the_reason(desk):
    desk.speak({"id": "r001", "edit": {"text": "..."}})
    wait_for(lambda: desk.row("r001")["requests"] and not desk.row("r001")["requests"][0]["is_open"])
    assert "cannot be spoken" in desk.row("r001")["requests"][0]["error"]
    assert len(takes(desk)) == 1
