"""Folders through a whole dubbing: cast, converted, mixed, put back; what cannot be dubbed is told."""

import csv
import io
import os
import unicodedata

import numpy as np
import pytest
import soundfile

from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.errors import InputError, ManifestError
from hierbatch.jobs.dubbing.dub import DubJob, dub
from hierbatch.jobs.dubbing.dub_output import Background, output_names
from hierbatch.jobs.options.recordings import DubSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.changing import change
from tests.engine.planned_run import bundle_folder
from tests.films import film_file
from tests.making import prompt_file
from tests.models.converting_bundle import write_official


@pytest.fixture
def job(tmp_path):
    """Two voices, and a folder with a talk of two people in 44.1 kHz stereo."""
    (tmp_path / "in").mkdir()
    prompt_file(tmp_path)
    prompt_file(tmp_path, gain=0.2, name="jun.wav")
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nanna,anna.wav,self\njun,jun.wav,self\n")
    (tmp_path / "map.csv").write_text("file,speaker,voice,key\ntalk.wav,A,anna,auto\n,B,jun,-3\n,,jun,\n")
    times = np.arange(4 * 44_100) / 44_100
    samples = 0.2 * np.stack([np.sin(2 * np.pi * 130 * times), np.sin(2 * np.pi * 200 * times)], axis=1)
    soundfile.write(tmp_path / "in" / "talk.wav", samples, 44_100)
    (tmp_path / "in" / "talk.csv").write_text("start,end,speaker\n0.5,1.5,A\n1.5,2.5,B\n")
    return DubJob(
        folder=tmp_path / "in",
        out=tmp_path / "out",
        voices=VoiceChoice(voices=tmp_path / "voices.csv"),
        dubbing=DubSettings(voice_map=tmp_path / "map.csv"),
        model=ModelChoice(model=bundle_folder(tmp_path)),
        execution=Execution(engine="local"),
    )


def heard(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def test_a_talk_of_two_and_a_film_are_returned_as_long_as_they_were(job):
    film_file(job.folder, "films/clip.mp4")
    (job.folder / "films" / "clip.csv").write_text("start,end,speaker\n0.2,1.0,B\n")
    dubbing = dub(job)
    assert dubbing.n_failed == 0
    facts = {(line.file, line.speaker): line for line in dubbing.lines}
    assert {key: line.voice for key, line in facts.items()} == {
        ("talk.wav", "A"): "anna",
        ("talk.wav", "B"): "jun",
        ("films/clip.mp4", "B"): "jun",
    }
    assert {line.length_error_samples for line in dubbing.lines} == {0}
    before, after = heard(job.folder / "talk.wav"), heard(job.out / "files" / "talk.wav")
    assert after.shape == before.shape
    outside = np.r_[0:20_000, 112_000 : len(before)]
    assert np.array_equal(after[outside], before[outside])
    middle = after[44_100:109_000]
    np.testing.assert_allclose(middle[:, 0], middle[:, 1], atol=1e-3)  # one voice in the middle
    # Each channel is as loud as what it replaces.
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(np.sqrt(np.mean(before[44_100:109_000] ** 2)), rel=0.2)
    assert (job.out / "files" / "films" / "clip.mp4").is_file()
    with dubbing.report.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["length_error_samples"]) for row in rows] == [
        ("films/clip.mp4", "0"),
        ("talk.wav", "0"),
        ("talk.wav", "0"),
    ]


def test_published_networks_dub_as_well(job, tmp_path):
    imported = write_official(tmp_path / "official", parts=("synthesizer", "content_encoder"))
    dubbing = dub(change(job, model=str(imported)))
    assert dubbing.n_failed == 0
    assert {(line.speaker, line.voice, line.length_error_samples) for line in dubbing.lines} == {
        ("A", "anna", 0),
        ("B", "jun", 0),
    }
    before, after = heard(job.folder / "talk.wav"), heard(job.out / "files" / "talk.wav")
    assert after.shape == before.shape
    outside = np.r_[0:20_000, 112_000 : len(before)]
    assert np.array_equal(after[outside], before[outside])
    assert not np.allclose(after[44_100:109_000], before[44_100:109_000], atol=0.01)


def test_the_same_call_makes_nothing_twice_and_what_was_lost_again(job):
    dub(job)
    files = [job.out / "files" / "talk.wav", *(job.out / "run" / "parts").iterdir()]
    before = [path.stat().st_mtime_ns for path in files]
    again = dub(job)
    assert again.outcome.session.n_worked == 0
    assert [path.stat().st_mtime_ns for path in files] == before
    files[0].unlink()
    assert dub(job).outcome.session.n_worked == 0
    assert files[0].is_file()


def test_the_background_is_mixed_again_without_another_conversion(job):
    dub(job)
    quiet = dub(change(job, background="off"))
    assert quiet.outcome.session.n_worked == 0
    assert not heard(job.out / "files" / "talk.wav")[:20_000].any()


def test_without_segments_speech_is_found_and_where_there_is_none_the_file_is_flagged(job):
    (job.folder / "talk.csv").unlink()  # two tones: nobody speaks
    dubbing = dub(change(job, voice_map=None, voices=VoiceChoice(voices=job.voices.voices, default_voice="jun")))
    (line,) = dubbing.lines
    assert (line.flags, line.length_error_samples, line.speech_s) == ("no_speech", 0, 0.0)
    assert np.array_equal(heard(job.out / "files" / "talk.wav"), heard(job.folder / "talk.wav"))


def test_files_that_cannot_be_dubbed_fail_alone(job):
    film_file(job.folder, "mute.mp4", has_sound=False)
    (job.folder / "text.wav").write_text("no sound")
    for name, table in (
        ("over.wav", "start,end,speaker\n0,2,A\n1,3,B\n"),
        ("past.wav", "start,end,speaker\n0,20,B\n"),
        ("who.wav", "start,end,speaker\n0,2,Carl\n"),
    ):
        (job.folder / name).write_bytes((job.folder / "talk.wav").read_bytes())
        (job.folder / name).with_suffix(".csv").write_text(table)
    job.dubbing.voice_map.write_text("file,speaker,voice\n,A,anna\n,B,jun\n")
    dubbing = dub(job)
    errors = {line.file: line.error for line in dubbing.lines if line.error}
    words = {
        "mute.mp4": "has no audio",
        "text.wav": "not a readable audio file",
        "over.wav": "overlap",
        "past.wav": "after the recording",
        "who.wav": "speaker Carl",
    }
    assert errors.keys() == words.keys()
    assert all(word in errors[file] for file, word in words.items())
    assert [line.length_error_samples for line in dubbing.lines if not line.error] == [0, 0]


def test_a_model_that_fails_is_a_line_of_the_table(job):
    bundle = bundle_folder(job.folder.parent, raise_on="0")
    seed = Takes(dub(job).outcome.out).table(["seed"]).column("seed")[0].as_py()
    (bundle / "raise-on").write_text(str(seed))
    dubbing = dub(change(job, out=job.out.with_name("other")))
    assert "told to raise" in next(line.error for line in dubbing.lines)
    assert not (dubbing.outcome.out.parent / "files").exists()


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda job: change(job, folder=job.folder / "none"), InputError, "folder to dub does not exist"),
        (lambda job: change(job, folder=job.out.parent / "empty"), InputError, "folder to dub does not exist"),
        (lambda job: change(job, out=job.folder / "out"), InputError, "inside the source folder"),
        (lambda job: change(job, voice_map=None), InputError, "target voice is ambiguous"),
        (lambda job: (job.dubbing.voice_map.write_text("voice\nhigh\n"), job)[1], ManifestError, "voice high"),
        (
            lambda job: (job.dubbing.voice_map.write_text("file,voice\n,anna\nnone.wav,jun\n"), job)[1],
            InputError,
            "match no file",
        ),
        (
            lambda job: (job.dubbing.voice_map.write_text("speaker,voice\nC,jun\n"), job)[1],
            InputError,
            "No voice is mapped",
        ),
        (lambda job: change(job, segments=job.folder / "none"), InputError, "segments"),
    ],
)
def test_a_wrong_order_is_refused_before_any_work(job, spoil, error, words):
    with pytest.raises(error, match=words):
        dub(spoil(job))
    assert not (job.out / "run").exists()


def test_the_background_has_a_range():
    with pytest.raises(InputError, match="keep, off"):
        Background(gain_db=6.0)
    with pytest.raises(InputError, match="keep, off"):
        Background(gain_db=float("nan"))


def test_the_voice_track_is_silent_outside_speech(job):
    takes = Takes(dub(job).outcome.out)
    (content,) = takes.sounds(takes.ids).values()
    track = heard(io.BytesIO(content))[:, 0]
    assert not track[:21_000].any()
    assert not track[112_000:].any()
    assert track[22_050 + 441 : 109_000].any()


def test_a_link_out_of_the_folder_is_not_followed(job, tmp_path):
    (tmp_path / "elsewhere.wav").write_bytes((job.folder / "talk.wav").read_bytes())
    (job.folder / "link.wav").symlink_to(tmp_path / "elsewhere.wav")
    errors = {line.file: line.error for line in dub(job).lines if line.error}
    assert list(errors) == ["link.wav"]
    assert "out of the folder" in errors["link.wav"]


def test_files_that_would_get_one_name_get_two():
    names = output_names(["a/talk.mp3", "a/talk.mp3.flac", "a/talk.wav", "clip.ts", "clip.mkv"])
    assert len(set(names.values())) == 5
    assert names["a/talk.mp3.flac"] == "a/talk.mp3.flac"
    assert names["a/talk.mp3"] == "a/talk.mp3.dubbed.flac"
    assert names["clip.ts"] == "clip.ts.mkv"


def test_a_voice_that_cannot_be_used_fails_its_files_alone(job, tmp_path):
    (job.folder / "other.wav").write_bytes((job.folder / "talk.wav").read_bytes())
    prompt_file(tmp_path, duration_s=0.5, name="anna.wav")
    dubbing = dub(job)
    errors = {line.file: line.error for line in dubbing.lines if line.error}
    assert list(errors) == ["talk.wav"]
    assert "voice anna is too short" in errors["talk.wav"]
    assert (job.out / "files" / "other.wav").is_file()


def test_names_in_either_form_get_their_voices_and_unused_speakers_are_reported(job):
    decomposed, composed = (unicodedata.normalize(form, "인터뷰") for form in ("NFD", "NFC"))
    (job.folder / "talk.wav").rename(job.folder / f"{decomposed}.wav")
    (job.folder / "talk.csv").unlink()
    cues = "1\n00:00:00,500 --> 00:00:01,500\n민수: Hello.\n\n2\n00:00:01,600 --> 00:00:02,500\n영희: And you.\n"
    (job.folder / f"{composed}.srt").write_text(unicodedata.normalize("NFD", cues), encoding="utf-8")
    lines = f"file,speaker,voice\n{composed}.wav,민수,anna\n,Anna,anna\n,,jun\n"
    (job.folder.parent / "map.csv").write_text(lines, encoding="utf-8")
    messages = []
    dubbing = dub(job, RunListener(on_message=messages.append))
    assert {line.speaker: line.voice for line in dubbing.lines} == {"민수": "anna", "영희": "jun"}
    assert [m for m in messages if "no file has" in m] == ["Speakers of the voice map that no file has: Anna"]


def test_a_file_whose_name_is_not_utf8_costs_one_row(job):
    copied = job.folder / os.fsdecode(b"bad\xff.wav")
    copied.write_bytes((job.folder / "talk.wav").read_bytes())
    dubbing = dub(job)
    (failed,) = (line for line in dubbing.lines if line.error)
    assert failed.file == "bad\\udcff.wav"
    assert "not valid UTF-8" in failed.error
    assert "bad\\udcff.wav" in dubbing.report.read_text(encoding="utf-8")


def test_files_that_differ_only_in_case_are_reported_and_both_are_dubbed(job):
    (job.folder / "TALK.wav").write_bytes((job.folder / "talk.wav").read_bytes())
    messages = []
    dubbing = dub(job, RunListener(on_message=messages.append))
    assert {line.output for line in dubbing.lines} == {"files/talk.wav", "files/TALK.wav"}
    assert any("TALK.wav, talk.wav differ only" in message for message in messages)
