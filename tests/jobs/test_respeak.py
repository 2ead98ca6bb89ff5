import json

import pytest

from hierbatch.engine import requested_takes, worker
from hierbatch.engine.planning import row_seed
from hierbatch.engine.progress import RunListener
from hierbatch.engine.run_folder import RunFolder, lock_run
from hierbatch.errors import RunError
from hierbatch.jobs import respeak as respeak_module
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.respeak import Respeaker, respeak
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.decisions.choices import Choice, append_choice
from hierbatch.manifest.decisions.row_edits import RowEdit
from hierbatch.manifest.decisions.take_requests import TakeRequest, append_request, read_requests
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.changing import change
from tests.engine.fake_model import spoken
from tests.engine.planned_run import bundle_folder
from tests.jobs import converting
from tests.jobs.running import LOCAL, job
from tests.making import prompt_file, recordings_file


def text_job(folder, text="Good morning.") -> RunJob:
    manifest = folder / "m.csv"
    manifest.write_text(f"id,text,language\na,{text},en\nb,Good night.,en\n")
    spec = SpeakSpec(
        manifest=manifest,
        voices=VoiceChoice(voice=prompt_file(folder)),
        model=ModelChoice(model=bundle_folder(folder)),
    )
    return RunJob(spec=spec, out=folder / "run", execution=LOCAL)


def pin(folder, row_id, take):
    append_choice(folder, Choice(id=row_id, take_key=take[0], attempt=take[1], verdict="pin"))


def takes(folder, *columns):
    return Takes(folder / "run").table(columns).to_pylist()


def test_an_edited_row_alone_is_spoken_again_and_counts_once_it_is_pinned(tmp_path):
    run(text_job(tmp_path))
    before, sounds = takes(tmp_path, "id", "text", "take_key"), Takes(tmp_path / "run").sounds(["b"])
    n_spoken = len(spoken(tmp_path / "bundle"))
    state = respeak(tmp_path / "run", TakeRequest(id="a", edit=RowEdit(text="Good evening.", speed=1.25), n_takes=2))
    assert (state.answer, [attempt for _, attempt in state.takes]) == ("planned", [2, 3])
    assert len(spoken(tmp_path / "bundle")) == n_spoken + 2
    assert takes(tmp_path, "id", "text", "take_key") == before
    pin(tmp_path / "run", "a", state.takes[1])
    [row, other] = takes(tmp_path, "id", "text", "text_norm", "attempt", "settings_json")
    assert (row["text"], row["text_norm"], row["attempt"]) == ("Good evening.", "Good evening", 3)
    assert json.loads(row["settings_json"])["speed"] == 1.25
    assert other["text"] == "Good night."
    assert Takes(tmp_path / "run").sounds(["b"]) == sounds
    assert run(text_job(tmp_path)).session.n_worked == 0


def test_takes_of_one_request_differ_in_their_seeds(tmp_path):
    run(text_job(tmp_path))
    state = respeak(tmp_path / "run", TakeRequest(id="a", n_takes=3))
    found = Takes(tmp_path / "run").candidates(["a"], ["seed", "take_key", "attempt", "phonemes"]).to_pylist()
    assert len({take["seed"] for take in found}) == 4
    assert [(take["take_key"], take["attempt"]) for take in found[1:]] == list(state.takes)
    assert len({take["phonemes"] for take in found}) == 1


@pytest.mark.parametrize(
    ("row_id", "edit", "reason"),
    [
        ("nobody", RowEdit(), "no such row"),
        ("a", RowEdit(voice="nobody"), "no such voice"),
        ("a", RowEdit(text="..."), "cannot be spoken"),
        ("a", RowEdit(phonemes="%"), "cannot be spoken"),
    ],
)
def test_a_request_that_does_not_fit_the_run_is_refused_with_its_reason(tmp_path, row_id, edit, reason):
    run(text_job(tmp_path))
    state = respeak(tmp_path / "run", TakeRequest(id=row_id, edit=edit))
    assert state.answer == "refused"
    assert reason in state.error
    assert len(Takes(tmp_path / "run").candidates(["a"], ["id"])) == 1


def test_a_running_driver_makes_requested_takes_before_its_next_unit(tmp_path, monkeypatch):
    asked = job(tmp_path, 200)  # four units
    parts = []
    commit = worker.commit_part

    def commit_and_request(folder, name, *arguments):
        commit(folder, name, *arguments)
        if not parts:
            append_request(asked.out, TakeRequest(id="r007"))
        parts.append(name)

    monkeypatch.setattr(worker, "commit_part", commit_and_request)
    outcome = run(asked)
    assert parts[1].startswith("g0001-r001-")
    assert (outcome.session.n_worked, outcome.counts.n_missing) == (200, 0)
    [state] = read_requests(asked.out).values()
    assert state.answer == "planned"
    assert len(Takes(asked.out).candidates(["r007"], ["id"])) == 2


def test_while_a_driver_holds_the_run_a_request_waits_for_it(tmp_path):
    run(text_job(tmp_path))
    with lock_run(RunFolder(tmp_path / "run")):
        assert respeak(tmp_path / "run", TakeRequest(id="a")).answer is None
        with pytest.raises(RunError, match="in use"):
            Respeaker(tmp_path / "run").answer_waiting()
    run(text_job(tmp_path))
    assert len(Takes(tmp_path / "run").candidates(["a"], ["id"])) == 2
    [state] = read_requests(tmp_path / "run").values()
    assert state.answer == "planned"


def test_a_loaded_worker_serves_request_after_request(tmp_path, monkeypatch):
    run(text_job(tmp_path))
    loads = []
    pool = respeak_module.LocalPool
    monkeypatch.setattr(respeak_module, "LocalPool", lambda spec: loads.append(spec) or pool(spec))
    respeaker = Respeaker(tmp_path / "run")
    respeaker.load()
    for n_takes in (1, 2):
        append_request(tmp_path / "run", TakeRequest(id="a", n_takes=n_takes))
        assert respeaker.answer_waiting() == n_takes
    assert respeaker.answer_waiting() == 0
    assert len(loads) == 1
    attempts = Takes(tmp_path / "run").candidates(["a"], ["attempt"]).column("attempt").to_pylist()
    assert attempts == [1, 2, 3, 4]


def test_a_driver_that_died_before_its_answer_does_not_plan_the_takes_twice(tmp_path, monkeypatch):
    run(text_job(tmp_path))

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(requested_takes, "answer_request", die)
        with pytest.raises(KeyboardInterrupt):
            respeak(tmp_path / "run", TakeRequest(id="a"))
    assert Respeaker(tmp_path / "run").answer_waiting() == 1
    [state] = read_requests(tmp_path / "run").values()
    assert [attempt for _, attempt in state.takes] == [2]
    assert len(Takes(tmp_path / "run").candidates(["a"], ["id"])) == 2


def test_a_row_that_makes_the_model_raise_is_a_failed_take_and_the_old_one_stays(tmp_path):
    run(text_job(tmp_path))
    before = takes(tmp_path, "id", "take_key")
    (tmp_path / "bundle" / "raise-on").write_text(str(row_seed(0, "a", 2)))
    state = respeak(tmp_path / "run", TakeRequest(id="a"))
    assert state.answer == "planned"
    found = Takes(tmp_path / "run").candidates(["a"], ["status"]).column("status").to_pylist()
    assert found == ["ok", "failed"]
    assert takes(tmp_path, "id", "take_key") == before


def test_a_retry_after_an_edit_that_was_not_chosen_is_of_the_planned_text(tmp_path):
    run(text_job(tmp_path))
    respeak(tmp_path / "run", TakeRequest(id="a", edit=RowEdit(text="Good evening.")))
    retry(RetryJob(run=tmp_path / "run", execution=LOCAL, ids=("a",)))
    found = Takes(tmp_path / "run").candidates(["a"], ["attempt", "text_norm"]).to_pylist()
    assert [(take["attempt"], take["text_norm"]) for take in found] == [
        (1, "Good morning"),
        (2, "Good evening"),
        (3, "Good morning"),
    ]


def test_a_retry_after_a_pinned_edit_is_of_the_edited_text(tmp_path):
    run(text_job(tmp_path))
    state = respeak(tmp_path / "run", TakeRequest(id="a", edit=RowEdit(text="Good evening.")))
    pin(tmp_path / "run", "a", state.takes[0])
    retry(RetryJob(run=tmp_path / "run", execution=LOCAL, ids=("a",)))
    found = Takes(tmp_path / "run").candidates(["a"], ["attempt", "text_norm"]).to_pylist()
    assert found[-1]["attempt"] == 3
    assert found[-1]["text_norm"] == "Good evening"


def test_recordings_are_requested_again_only_as_they_are(tmp_path):
    recordings_file(tmp_path, converting.three_recordings(tmp_path))
    run(converting.job(tmp_path))
    refused = respeak(tmp_path / "run", TakeRequest(id="r0", edit=RowEdit(text="Hello.")))
    assert (refused.answer, "rows with texts" in refused.error) == ("refused", True)
    assert respeak(tmp_path / "run", TakeRequest(id="r0")).answer == "planned"
    assert len(Takes(tmp_path / "run").candidates(["r0"], ["id"])) == 2


def test_a_pinned_edit_survives_an_update_without_another_take(tmp_path):
    run(text_job(tmp_path))
    state = respeak(tmp_path / "run", TakeRequest(id="a", edit=RowEdit(text="Good evening.")))
    pin(tmp_path / "run", "a", state.takes[0])
    asked = text_job(tmp_path)
    asked.spec.manifest.write_text("id,text,language\nnew,Hello.,en\na,Good morning.,en\nb,Good day.,en\n")
    outcome = run(change(asked, update=True))
    assert outcome.session.n_worked == 2
    rows = takes(tmp_path, "id", "text", "take_key", "attempt")
    assert [(row["id"], row["text"]) for row in rows] == [("new", "Hello."), ("a", "Good evening."), ("b", "Good day.")]
    assert (rows[1]["take_key"], rows[1]["attempt"]) == state.takes[0]
    found = Takes(tmp_path / "run").candidates(["a"], ["text", "attempt", "take_key"]).to_pylist()
    assert [(take["text"], take["is_best"]) for take in found] == [("Good morning.", False), ("Good evening.", True)]
    pin(tmp_path / "run", "a", (found[0]["take_key"], found[0]["attempt"]))
    assert [row["text"] for row in takes(tmp_path, "text")] == ["Hello.", "Good morning.", "Good day."]
    assert run(change(asked, update=True)).session.n_worked == 0


def test_a_second_edit_replaces_the_first_also_after_an_update(tmp_path):
    run(text_job(tmp_path))
    first = respeak(tmp_path / "run", TakeRequest(id="a", edit=RowEdit(text="Good evening.", speed=1.25)))
    pin(tmp_path / "run", "a", first.takes[0])
    run(change(text_job(tmp_path), spec=change(text_job(tmp_path).spec, seed=7), update=True))
    second = respeak(tmp_path / "run", TakeRequest(id="a", edit=RowEdit(text="Good heavens.")))
    pin(tmp_path / "run", "a", second.takes[0])
    asked = text_job(tmp_path)
    asked.spec.manifest.write_text("id,text,language\na,Good morning.,en\nb,Good day.,en\n")
    run(change(asked, spec=change(asked.spec, seed=7), update=True))
    [row, _] = takes(tmp_path, "text", "settings_json")
    assert (row["text"], json.loads(row["settings_json"])["speed"]) == ("Good heavens.", 1.25)


def test_an_edit_of_another_text_than_the_manifest_has_by_now_is_named_and_not_applied(tmp_path):
    run(text_job(tmp_path))
    state = respeak(tmp_path / "run", TakeRequest(id="a", edit=RowEdit(text="Good evening.")))
    pin(tmp_path / "run", "a", state.takes[0])
    messages = []
    asked = text_job(tmp_path, "Good day.")
    run(change(asked, update=True), RunListener(on_message=messages.append))
    assert [row["text"] for row in takes(tmp_path, "text")] == ["Good day.", "Good night."]
    assert any("1 edits are not applied" in message and message.endswith(": a") for message in messages)


def test_after_a_compaction_decisions_can_still_be_taken_back(tmp_path):
    run(text_job(tmp_path))
    state = respeak(tmp_path / "run", TakeRequest(id="a", edit=RowEdit(text="Good evening."), n_takes=2))
    pin(tmp_path / "run", "a", state.takes[0])
    [_, other] = takes(tmp_path, "take_key", "attempt")
    decide = Choice(id="b", take_key=other["take_key"], attempt=other["attempt"], verdict="reject")
    append_choice(tmp_path / "run", decide)
    columns = ["id", "attempt", "text", "audio", "status"]
    before, sounds = takes(tmp_path, *columns), Takes(tmp_path / "run").candidates(["a", "b"], columns).to_pylist()
    for _ in range(2):
        compact(CompactJob(run=tmp_path / "run"))
        assert takes(tmp_path, *columns) == before
        assert Takes(tmp_path / "run").candidates(["a", "b"], columns).to_pylist() == sounds
    assert run(text_job(tmp_path)).session.n_worked == 0
    for row_id, take in (("a", state.takes[0]), ("b", (other["take_key"], other["attempt"]))):
        append_choice(tmp_path / "run", Choice(id=row_id, take_key=take[0], attempt=take[1], verdict="clear"))
    assert [row["text"] for row in takes(tmp_path, "text")] == ["Good morning.", "Good night."]
    assert set(Takes(tmp_path / "run").sounds(["a", "b"])) == {"a", "b"}
    again = respeak(tmp_path / "run", TakeRequest(id="a"))
    assert [attempt for _, attempt in again.takes] == [4]
