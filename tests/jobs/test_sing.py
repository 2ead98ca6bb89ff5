"""Runs of songs: every score is one take, a bad one fails alone, and the same command resumes."""

from dataclasses import replace

import pytest

from hierbatch.engine.execution import Execution
from hierbatch.errors import InputError
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.singing import SingingSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.sing import SingSpec
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.frontend.scores.made_scores import NOTE_LIST, midi_file, musicxml_tune
from tests.making import voiced_prompt_file
from tests.tiny_bundle import write_tiny_bundle

LOCAL = Execution(engine="local")
COLUMNS = ["id", "status", "error_kind", "language", "text_norm", "duration_s", "settings_json", "timings"]


@pytest.fixture
def job(tmp_path):
    (tmp_path / "tune.csv").write_bytes(NOTE_LIST)
    (tmp_path / "tune.mid").write_bytes(midi_file())
    (tmp_path / "tune.musicxml").write_bytes(musicxml_tune())
    (tmp_path / "broken.mid").write_bytes(b"MThd")
    rows = ["id,song,lyrics", "a,tune.csv,", "b,tune.mid,", "c,tune.musicxml,", "ko,tune.mid,아-리-랑 _ 고"]
    (tmp_path / "songs.csv").write_text("\n".join([*rows, "bad,broken.mid,", "outside,../x.mid,", "none,,"]))
    spec = SingSpec(
        manifest=tmp_path / "songs.csv",
        voices=VoiceChoice(voice=voiced_prompt_file(tmp_path)),
        singing=SingingSettings(transpose="-12"),
        model=ModelChoice(model=str(write_tiny_bundle(tmp_path / "tiny"))),
    )
    return RunJob(spec=spec, out=tmp_path / "run", execution=LOCAL, quality=MeasureChoice())


def test_a_run_of_songs(job, tmp_path):
    outcome = run(job)
    assert (outcome.counts.n_ok, outcome.counts.n_failed) == (4, 3)
    rows = {row["id"]: row for row in Takes(tmp_path / "run").table(COLUMNS).to_pylist()}
    assert [rows[name]["error_kind"] for name in ("bad", "outside", "none")] == ["text", "source", "text"]
    assert {rows[name]["duration_s"] for name in ("a", "b", "c")} == {rows["a"]["duration_s"]}
    assert rows["a"]["duration_s"] == pytest.approx(4.2, abs=0.03)
    assert [timing["text"] for timing in rows["b"]["timings"]] == ["twinkle", "star", "high"]
    assert (rows["ko"]["language"], rows["ko"]["text_norm"]) == ("ko", "아리랑 고")
    assert '"transpose_semitones": -12.0' in rows["a"]["settings_json"]
    assert run(job).session.n_worked == 0  # nothing is made twice
    (tmp_path / "broken.mid").write_bytes(midi_file())
    assert retry(RetryJob(run=tmp_path / "run", execution=LOCAL)).counts.n_ok == 5


def test_options_are_checked_before_any_work(job):
    with pytest.raises(InputError, match="transposition"):
        replace(job.spec, singing=SingingSettings(transpose="up")).check()
