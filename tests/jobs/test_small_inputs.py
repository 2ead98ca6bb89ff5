"""Inputs that need no preparation: tables without ids and languages, folders of recordings."""

import pytest

from hierbatch.engine.progress import RunListener
from hierbatch.errors import InputError
from hierbatch.jobs.clips import write_clips
from hierbatch.jobs.corpora.corpus import corpus
from hierbatch.jobs.options.corpus import CorpusSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.decisions.choices import Choice, append_choice
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.changing import change
from tests.engine.planned_run import bundle_folder
from tests.jobs import converting
from tests.jobs.made_corpora import corpus_job
from tests.jobs.running import LOCAL
from tests.making import prompt_file


def test_rows_without_ids_and_languages_are_numbered_and_their_languages_detected(tmp_path):
    (tmp_path / "m.csv").write_text("text,mine\nGood morning.,1\n안녕하세요.,2\n1984.,3\n", encoding="utf-8")
    spec = SpeakSpec(
        manifest=tmp_path / "m.csv",
        voices=VoiceChoice(voice=prompt_file(tmp_path)),
        model=ModelChoice(model=bundle_folder(tmp_path)),
    )
    messages = []
    run(RunJob(spec=spec, out=tmp_path / "run", execution=LOCAL), RunListener(on_message=messages.append))
    assert Takes(tmp_path / "run").table(["id", "language", "mine", "status"]).to_pylist() == [
        {"id": "r000001", "language": "en", "mine": 1, "status": "ok"},
        {"id": "r000002", "language": "ko", "mine": 2, "status": "ok"},
        {"id": "r000003", "language": "en", "mine": 3, "status": "ok"},
    ]
    assert any("no ids" in message for message in messages)


def test_a_folder_of_recordings_is_converted_like_a_table_of_them(tmp_path):
    (tmp_path / "recordings").mkdir()
    converting.three_recordings(tmp_path / "recordings")
    outcome = run(converting.job(tmp_path, manifest=tmp_path / "recordings"))
    assert outcome.counts.n_ok == 3
    assert Takes(tmp_path / "run").ids == ["s0", "s1", "s2"]
    assert run(converting.job(tmp_path, manifest=tmp_path / "recordings")).session.n_worked == 0


def test_a_clip_of_a_take_that_was_rejected_later_is_removed(tmp_path):
    (tmp_path / "recordings").mkdir()
    converting.three_recordings(tmp_path / "recordings")
    run(converting.job(tmp_path, manifest=tmp_path / "recordings"))
    assert write_clips(tmp_path / "run") == 3
    [take] = Takes(tmp_path / "run").candidates(["s1"], ["take_key", "attempt"]).to_pylist()
    append_choice(
        tmp_path / "run", Choice(id="s1", take_key=take["take_key"], attempt=take["attempt"], verdict="reject")
    )
    assert write_clips(tmp_path / "run") == 2
    assert {path.stem for path in (tmp_path / "run" / "export" / "clips").iterdir()} == {"s0", "s2"}


def test_a_corpus_has_the_number_of_rows_asked_for(tmp_path):
    result = corpus(change(corpus_job(tmp_path), settings=CorpusSettings(rows=20)))
    assert result.outcome.counts.n_rows == 20
    with pytest.raises(InputError, match=r"are too few.*168 rows.*fewer --rows"):
        corpus(change(corpus_job(tmp_path), settings=CorpusSettings(rows=1000), out=tmp_path / "other"))
    with pytest.raises(InputError, match="--hours or --rows"):
        CorpusSettings()
