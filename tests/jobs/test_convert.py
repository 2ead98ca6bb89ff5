"""Recordings through a whole run: planned, converted, resumed, retried."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from hierbatch.errors import BundleError, InputError, ManifestError, RunError
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.takes.takes import Takes
from tests.changing import change
from tests.engine.fake_model import Fault
from tests.jobs.converting import LOCAL, job, sounds, three_recordings
from tests.making import prompt_file, recordings_file
from tests.models import converting_bundle
from tests.models.hierspeechpp import speaking_bundle


@pytest.fixture
def recordings(tmp_path):
    return three_recordings(tmp_path)


def test_every_recording_is_returned_at_its_rate_and_length(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings], mood=["calm", "glad", "sad"])
    outcome = run(job(tmp_path))
    assert outcome.counts.n_ok == 3
    for path, (row_id, content) in zip(recordings, sorted(sounds(tmp_path / "run").items()), strict=True):
        wanted, found = soundfile.info(path), soundfile.info(io.BytesIO(content))
        assert (found.samplerate, found.frames) == (wanted.samplerate, wanted.frames), row_id
    rows = Takes(tmp_path / "run").table(["mood", "settings_json", "voice", "consent", "duration_ratio"]).to_pylist()
    assert [row["mood"] for row in rows] == ["calm", "glad", "sad"]
    assert len({json.loads(row["settings_json"])["source_sha256"] for row in rows}) == 3
    assert {(row["voice"], row["consent"]) for row in rows} == {("anna", "self")}
    assert [row["duration_ratio"] for row in rows] == pytest.approx([1.0] * 3)


def test_sound_inside_the_manifest_is_converted_alike(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings])
    run(job(tmp_path))
    table = {
        "id": [f"r{i}" for i in range(3)],
        "source": [{"bytes": path.read_bytes(), "path": None} for path in recordings],
    }
    pq.write_table(pa.table(table), tmp_path / "inside.parquet")
    inside = change(job(tmp_path, manifest=tmp_path / "inside.parquet"), out=tmp_path / "inside")
    run(inside)
    assert sounds(tmp_path / "inside") == sounds(tmp_path / "run")


def test_one_bad_recording_is_a_row_and_its_neighbours_are_unchanged(tmp_path, recordings):
    (tmp_path / "bad.wav").write_bytes(recordings[0].read_bytes()[:500])
    recordings_file(tmp_path, ["bad.wav", "../outside.wav", *(path.name for path in recordings)])
    standing = run(job(tmp_path)).counts
    assert (standing.n_ok, standing.error_kinds) == (3, {"source": 2})
    together = sounds(tmp_path / "run")
    recordings_file(tmp_path, [recordings[1].name], name="alone.csv")
    alone = change(job(tmp_path, manifest=tmp_path / "alone.csv"), out=tmp_path / "alone")
    # Another id is another seed; the fake model's sound has no noise.
    run(alone)
    assert sounds(tmp_path / "alone")["r0"] == together["r3"]


def test_a_fault_of_the_model_is_a_failed_row(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings], seed=[int(Fault.RAISE), int(Fault.NAN), 5])
    assert run(job(tmp_path)).counts.error_kinds == {"exception": 1, "synthesis": 1}


def test_a_voice_that_is_silent_fails_its_rows_and_all_voices_silent_fail_the_start(tmp_path, recordings):
    prompt_file(tmp_path, gain=0.0, name="mute.wav")
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nanna,anna.wav,self\nmute,mute.wav,self\n")
    recordings_file(tmp_path, [path.name for path in recordings], voice=["anna", "mute", "anna"])
    voices = VoiceChoice(voices=tmp_path / "voices.csv")
    assert run(job(tmp_path, voices=voices)).counts.error_kinds == {"prompt": 1}
    recordings_file(tmp_path, [recordings[0].name], voice=["mute"])
    with pytest.raises(InputError, match="silent"):
        run(change(job(tmp_path, voices=voices), out=tmp_path / "other"))


def test_the_same_call_finds_nothing_to_do_and_a_changed_recording_is_recomputed(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings])
    asked = job(tmp_path)
    run(asked)
    assert run(asked).session.n_worked == 0
    before = sounds(asked.out)
    prompt_file(tmp_path, 0.7, rate_hz=44_100, name="s1.wav")
    with pytest.raises(RunError, match="sources"):
        run(asked)
    assert run(change(asked, update=True)).session.n_worked == 1
    after = sounds(asked.out)
    assert [name for name in before if before[name] != after[name]] == ["r1"]


def test_another_key_or_rate_is_another_take(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings])
    asked = job(tmp_path)
    run(asked)
    for options in ({"pitch_semitones": 3.0}, {"rate_hz": 24_000}):
        changed = change(asked, **options, update=True)
        assert run(changed).session.n_worked == 3
    info = soundfile.info(io.BytesIO(sounds(asked.out)["r1"]))
    assert (info.samplerate, info.frames) == (24_000, 36_000)


def test_a_recording_that_turns_up_is_made_by_a_retry(tmp_path, recordings):
    recordings_file(tmp_path, [recordings[0].name, "late.wav"])
    run(job(tmp_path))
    prompt_file(tmp_path, 1.0, name="late.wav")
    outcome = retry(RetryJob(run=tmp_path / "run", execution=LOCAL))
    assert outcome.counts.n_ok == 2


def test_recordings_that_cannot_be_found_are_reported_before_any_work(tmp_path, recordings):
    (tmp_path / "deep").mkdir()
    (tmp_path / "link.wav").symlink_to("/etc/passwd")
    lost = [f"gone{i}.wav" for i in range(7)]
    recordings_file(tmp_path, [*lost, "../out.wav", "link.wav", "deep", "", recordings[0].name])
    notices = job(tmp_path).spec.check().notices
    assert [notice for notice in notices if "Their rows will fail" in notice] == [
        "Recordings not found: 7 (gone0.wav, gone1.wav, gone2.wav, gone3.wav, gone4.wav, ...). Their rows will fail",
        f"Recordings outside {tmp_path}: 2 (../out.wav, link.wav). Their rows will fail",
        "Recordings that are not regular files: 1 (deep). Their rows will fail",
        "Rows without a recording: 1. Their rows will fail",
    ]
    recordings_file(tmp_path, [path.name for path in recordings])
    assert not [notice for notice in job(tmp_path).spec.check().notices if "Their rows will fail" in notice]


def test_a_folder_that_holds_none_of_the_recordings_is_refused(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings])
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(InputError, match=r"None of the 3 recordings.*not found: 3 \(s0.wav.*--source-root"):
        run(job(tmp_path, source_root=tmp_path / "elsewhere"))
    assert not (tmp_path / "run").exists()
    table = {"id": ["a", "b"], "source": [{"bytes": recordings[0].read_bytes(), "path": None}, {"path": "gone.wav"}]}
    pq.write_table(pa.table(table), tmp_path / "inside.parquet")
    assert job(tmp_path, manifest=tmp_path / "inside.parquet").spec.check().n_rows == 2


def test_a_manifest_without_recordings_is_refused(tmp_path):
    (tmp_path / "m.csv").write_text("id,text\na,Hello\n")
    with pytest.raises(ManifestError, match="column source is missing"):
        run(job(tmp_path))
    (tmp_path / "m.csv").write_text("id,source,pitch_semitones\n../a,x.wav,99\n")
    with pytest.raises(InputError, match=r"1 ids contain.*pitch_semitones outside.*None of the 1 recordings"):
        run(job(tmp_path))


def test_all_errors_of_a_conversion_are_reported_together(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings], seed=["one", "2", "3"], pitch_semitones=[0, 99, 0])
    prompt_file(tmp_path, gain=0.0, name="mute.wav")
    (tmp_path / "elsewhere").mkdir()
    wrong = {"model": str(tmp_path / "nowhere"), "f0": "crepe", "source_root": tmp_path / "elsewhere"}
    with pytest.raises(InputError) as caught:
        job(tmp_path, voices=VoiceChoice(voice=tmp_path / "mute.wav"), **wrong).spec.check()
    said = str(caught.value)
    parts = (
        "seed is not all int64",
        "pitch_semitones outside",
        "nowhere",
        "dio or harvest or yaapt",
        "mute is silent",
        "None of the 3",
    )
    for part in parts:
        assert part in said, said


def test_a_key_depends_on_the_recording_and_not_on_its_name(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings])
    keys = [row["take_key"] for rows in job(tmp_path).spec.check().plan() for row in rows.to_pylist()]
    assert len(set(keys)) == 3
    for path in recordings:
        path.rename(path.with_name("moved-" + path.name))
    recordings_file(tmp_path, [f"moved-{path.name}" for path in recordings])
    again = [row["take_key"] for rows in job(tmp_path).spec.check().plan() for row in rows.to_pylist()]
    assert again == keys
    assert np.all([len(key) == 32 for key in keys])


def test_a_model_that_only_speaks_or_only_converts_is_refused_for_the_other(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings], text=["One.", "Two.", "Three."])
    voices = VoiceChoice(voice=tmp_path / "anna.wav")
    speaking = str(speaking_bundle.write_official(tmp_path / "speaking"))
    with pytest.raises(BundleError, match=r"does not convert.*mms-300m"):
        run(job(tmp_path, model=speaking))
    order = SpeakSpec(manifest=tmp_path / "m.csv", voices=voices, speech=SpeechSettings(language="en"))
    converting = str(converting_bundle.write_official(tmp_path / "converting"))
    with pytest.raises(BundleError, match=r"does not read text.*hierbatch convert"):
        run(RunJob(spec=change(order, model=converting), out=tmp_path / "run", execution=LOCAL))
    assert not (tmp_path / "run").exists()
