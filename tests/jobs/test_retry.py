import json
from contextlib import contextmanager, suppress

import pytest

from hierbatch.errors import BundleError, HierbatchError, InputError, RunError
from hierbatch.jobs import retry as retry_module
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.decisions.choices import Choice, append_choice
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.changing import change
from tests.engine.fake_model import Fault
from tests.engine.planned_run import bundle_folder
from tests.jobs.running import LOCAL, job
from tests.making import prompt_file


def again(folder, **choice):
    return retry(RetryJob(run=folder / "run", execution=LOCAL, **choice))


def takes(folder, *columns):
    return Takes(folder / "run").table(columns).to_pylist()


def candidates(folder, n_rows):
    ids = [f"r{number:03d}" for number in range(n_rows)]
    return Takes(folder / "run").candidates(ids, ["id", "take_key", "attempt", "seed"]).to_pylist()


def test_without_a_choice_all_that_failed_is_tried_again(tmp_path):
    run(job(tmp_path, 10, {3: Fault.RAISE, 5: Fault.REFUSE}))
    outcome = again(tmp_path)
    assert (outcome.session.n_worked, outcome.session.n_failed) == (2, 2)
    attempts = {take["id"]: take["attempt"] for take in takes(tmp_path, "id", "attempt")}
    assert [i for i, attempt in attempts.items() if attempt == 2] == ["r003", "r005"]


def test_a_choice_by_kind_flag_or_id_is_kept_to(tmp_path):
    run(job(tmp_path, 10, {3: Fault.RAISE, 5: Fault.REFUSE, 7: Fault.CLIPPED}))
    assert again(tmp_path, kinds=("synthesis",)).session.n_worked == 1
    assert again(tmp_path, flags=("clipped",)).session.n_worked == 1
    assert again(tmp_path, ids=("r000", "r001")).session.n_worked == 2
    assert {take["id"] for take in candidates(tmp_path, 10) if take["attempt"] == 2} == {
        "r000",
        "r001",
        "r005",
        "r007",
    }


def test_rows_without_a_seed_of_their_own_get_another_one_and_a_good_take_stays(tmp_path):
    run(job(tmp_path, 3))
    before = takes(tmp_path, "id", "seed", "take_key")
    again(tmp_path, ids=("r001",))
    assert takes(tmp_path, "id", "seed", "take_key") == before
    first, second = (take for take in candidates(tmp_path, 3) if take["id"] == "r001")
    assert first["seed"] != second["seed"]
    assert first["take_key"] != second["take_key"]
    assert (first["is_best"], second["is_best"]) == (True, False)


def test_a_retry_of_a_rejected_take_replaces_it(tmp_path):
    run(job(tmp_path, 3))
    [first, _, _] = candidates(tmp_path, 3)
    append_choice(
        tmp_path / "run",
        Choice(id=first["id"], take_key=first["take_key"], attempt=first["attempt"], verdict="reject"),
    )
    outcome = again(tmp_path, kinds=("rejected",))
    assert (outcome.session.n_worked, outcome.counts.n_ok) == (1, 3)
    assert [take["attempt"] for take in takes(tmp_path, "attempt")] == [2, 1, 1]


def test_a_good_take_stays_when_the_retry_fails(tmp_path):
    run(job(tmp_path, 3, {1: Fault.CLIPPED}))
    (tmp_path / "bundle" / "version").write_text("1")  # the same model
    sabotaged = Fault.CLIPPED
    assert sabotaged in [take["seed"] for take in takes(tmp_path, "seed")]
    before = Takes(tmp_path / "run").sounds(["r001"])
    (tmp_path / "bundle" / "raise-on").write_text(str(int(sabotaged)))
    outcome = again(tmp_path, flags=("clipped",))
    assert outcome.session.n_failed == 1
    assert outcome.counts.n_ok == 3
    assert Takes(tmp_path / "run").sounds(["r001"]) == before


def test_refused_texts_are_read_again(tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.write_text("id,text,language\na,...,en\nb,Good morning.,en\n")
    order = SpeakSpec(
        manifest=manifest,
        voices=VoiceChoice(voice=prompt_file(tmp_path)),
        model=ModelChoice(model=bundle_folder(tmp_path)),
    )
    run(RunJob(spec=order, out=tmp_path / "run", execution=LOCAL))
    outcome = again(tmp_path)
    assert outcome.counts.error_kinds == {"text": 1}
    assert takes(tmp_path, "id", "attempt")[0] == {"id": "a", "attempt": 2}


def test_a_run_resumes_after_a_retry_unchanged(tmp_path):
    asked = job(tmp_path, 10, {3: Fault.RAISE})
    run(asked)
    again(tmp_path)
    assert run(asked).session.n_worked == 0


def test_rows_that_cannot_be_retried_are_reported(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        again(tmp_path)
    asked = job(tmp_path, 3)
    run(asked)
    with pytest.raises(InputError, match="nothing to retry"):
        again(tmp_path)
    with pytest.raises(InputError, match="r999"):
        again(tmp_path, ids=("r999",))
    bundle_folder(tmp_path, version="2")
    with pytest.raises(RunError, match="model has changed"):
        again(tmp_path, ids=("r001",))


def test_a_retry_that_an_update_came_before_is_of_what_was_asked_last(tmp_path, monkeypatch):
    asked = job(tmp_path, 3)
    run(asked)
    at_first = retry_module.lock_run

    @contextmanager
    def lock_after_the_update(folder):
        run(change(asked, spec=change(asked.spec, seed=7), update=True))
        with at_first(folder):
            yield

    monkeypatch.setattr(retry_module, "lock_run", lock_after_the_update)
    again(tmp_path, ids=("r001",))
    assert [take["attempt"] for take in candidates(tmp_path, 3)] == [1, 1, 2, 1]


def test_a_run_that_was_copied_without_its_empty_folders_is_retried(tmp_path):
    asked = job(tmp_path, 3)
    run(asked)
    (asked.out / "tmp").rmdir()
    assert again(tmp_path, ids=("r001",)).counts.n_ok == 3


def test_rows_with_an_unusable_voice_stay_rejected_with_their_reason(tmp_path):
    (tmp_path / "m.csv").write_text("id,text,voice\na,Hello there.,anna\nb,Good morning.,mute\nc,...,anna\n")
    prompt_file(tmp_path)
    prompt_file(tmp_path, gain=0.0, name="mute.wav")
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nanna,anna.wav,self\nmute,mute.wav,self\n")
    order = SpeakSpec(
        manifest=tmp_path / "m.csv",
        voices=VoiceChoice(voices=tmp_path / "voices.csv"),
        speech=SpeechSettings(language="en"),
        model=ModelChoice(model=bundle_folder(tmp_path)),
    )
    run(RunJob(spec=order, out=tmp_path / "run", execution=LOCAL))
    before = {take["id"]: take["error"] for take in takes(tmp_path, "id", "error")}
    assert "mute" in before["b"]
    outcome = again(tmp_path)
    assert outcome.counts.error_kinds == {"prompt": 1, "text": 1}
    assert {take["id"]: take["error"] for take in takes(tmp_path, "id", "error")} == before


@pytest.mark.parametrize("name", ["model_factory", "factory", "model", "task", "full_band", "measures", "lexicon"])
def test_a_run_folder_cannot_name_code(tmp_path, monkeypatch, name):
    """Only packaged models, and those of installed packages, are loaded; a record cannot name another function."""
    run(job(tmp_path, 2, {1: Fault.RAISE}))
    (tmp_path / "evil_factory.py").write_text("from pathlib import Path\nPath(__file__).with_name('ran').touch()\n")
    monkeypatch.syspath_prepend(tmp_path)
    record = tmp_path / "run" / "run.json"
    facts = json.loads(record.read_text())
    facts["generations"][-1]["origin"][name] = "evil_factory:make"
    record.write_text(json.dumps(facts))
    with suppress(HierbatchError):
        again(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_bundle_of_a_run_folder_cannot_name_code(tmp_path):
    run(job(tmp_path, 2, {1: Fault.RAISE}))
    path = tmp_path / "bundle" / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"kind": "os:mkdir", "factory": "os:mkdir"}))
    with pytest.raises(BundleError):
        again(tmp_path)
