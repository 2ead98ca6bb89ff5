"""`dub` given what cannot be dubbed: one paragraph that says so, and nothing made."""

import sys

import pytest

from hierbatch.cli.app import main
from tests.engine.planned_run import bundle_folder
from tests.films import film_file
from tests.making import prompt_file

DUB = "dub {folder}/in --voices {folder}/voices.csv --voice-map {folder}/map.csv --out {folder}/out "


@pytest.fixture
def folder(tmp_path):
    prompt_file(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nanna,anna.wav,self\n")
    (tmp_path / "map.csv").write_text("file,speaker,voice\n,A,anna\n,B,anna\n")
    return tmp_path


def talk(folder, segments):
    (folder / "in" / "talk.wav").write_bytes((folder / "anna.wav").read_bytes())
    (folder / "in" / "talk.csv").write_text(f"start,end,speaker\n{segments}\n")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: film_file(folder / "in", "mute.mp4", has_sound=False), "has no audio"),
        (lambda folder: talk(folder, "0,1,A\n0.5,1.5,B"), "overlap"),
        (lambda folder: talk(folder, "0,300,A"), "after the recording"),
        (lambda folder: talk(folder, "0,1,Carl"), "No voice is mapped to speaker Carl"),
        (
            lambda folder: talk(folder, "0,1,A") or (folder / "map.csv").write_text("voice\nzoe\n"),
            "voice zoe is not in the voices table",
        ),
    ],
)
def test_a_mistake_ends_in_one_paragraph_and_code_2(folder, spoil, told, monkeypatch, capsys):
    spoil(folder)
    words = f"{DUB} --engine local --model {bundle_folder(folder)}".format(folder=folder)
    monkeypatch.setattr(sys, "argv", ["hierbatch", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    assert not (folder / "out" / "files").exists()
    assert not (folder / "out" / "run").exists()
