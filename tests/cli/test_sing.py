"""Scores that a user may hand over by mistake, or somebody else on purpose: one sentence, exit code 2, no file."""

import sys

import pytest

from hierbatch.cli import app as application
from tests.frontend.scores.made_scores import NOTE_LIST, compressed, midi_file
from tests.making import voiced_prompt_file
from tests.tiny_bundle import write_tiny_bundle

HOSTILE = {
    "broken.mid": b"MThd\0\0",
    "words.mid": midi_file(lyrics=["", "", "", "", ""]),
    "bomb.mxl": compressed(b" " * (40 << 20)),
    "page.musicxml": b"<html/>",
    "zero.csv": b"pitch,duration_s,lyric\nC4,0,la\n",
    "song.txt": b"la la la",
}


def run_command(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["hierbatch", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        application.main()
    return ended.value.code or 0


@pytest.fixture
def options(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny")
    return ["--voice", voiced_prompt_file(tmp_path), "--model", bundle, "--out", tmp_path / "song.flac"]


@pytest.mark.parametrize("name", [*HOSTILE, "missing.mid"])
def test_a_score_that_cannot_be_sung_is_one_sentence(tmp_path, monkeypatch, capsys, options, name):
    if name in HOSTILE:
        (tmp_path / name).write_bytes(HOSTILE[name])
    assert run_command(monkeypatch, "sing", tmp_path / name, *options) == 2
    message = capsys.readouterr().err
    assert message.splitlines()[-1].startswith("hierbatch: ")
    assert "Traceback" not in message
    assert not (tmp_path / "song.flac").exists()


def test_a_score_becomes_a_sound_file_of_its_length(tmp_path, monkeypatch, capsys, options):
    (tmp_path / "tune.csv").write_bytes(NOTE_LIST)
    assert run_command(monkeypatch, "sing", tmp_path / "tune.csv", *options, "--transpose=-12") == 0
    assert "4.2 s, 3 words, transposed by -12 semitones" in capsys.readouterr().out
    assert (tmp_path / "song.flac").stat().st_size > 1000
