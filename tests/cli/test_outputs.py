"""Commands write to the folders that they are asked for, and nowhere else."""

import hashlib
import socket
import tempfile

import pytest

from tests.cli.damage import exit_code
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_commands_write_to_the_requested_folders_only(tmp_path, monkeypatch):
    """Other folders stay as they are, but for the list of fonts that Matplotlib keeps; no command connects."""

    def refuse(*address):
        raise AssertionError(f"connects to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name, variable in (("home", "HOME"), ("temporary", "TMPDIR"), ("current", None)):
        (tmp_path / name).mkdir()
        if variable:
            monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path / "current")
    inputs, run, out = (tmp_path / name for name in ("inputs", "run", "out"))
    inputs.mkdir()
    prompt_file(inputs)
    bundle_folder(inputs)
    (inputs / "m.csv").write_text("id,text,chapter,sentence_index\na,Hello there.,1,1\nb,Good morning.,1,2\n")
    before = contents(tmp_path)
    voice = ("--voice", inputs / "anna.wav", "--consent", "self", "--language", "en")
    model = ("--model", inputs / "bundle", "--engine", "local")
    assert exit_code("run", inputs / "m.csv", *voice, *model, "--out", run) == 0
    assert exit_code("export", run, "--to", "hf", "--out", out / "hf") == 0
    assert exit_code("book", run, "--to", "flac", "--out", out / "book") == 0
    assert exit_code("report", run, "--out", out / "report.html") == 0
    after = contents(tmp_path)
    requested = ("run/", "out/", "inputs/bundle/spoken-")  # the fake model notes what it speaks
    expected = (*requested, "temporary/", "home/.cache/matplotlib/")
    assert {name: content for name, content in after.items() if not name.startswith(expected)} == before


@pytest.mark.parametrize("words", [("status",), ("report",), ("export", "--to", "hf")], ids=" ".join)
def test_a_folder_without_a_run_stays_as_it_is(tmp_path, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note.txt").write_text("mine")
    before = contents(tmp_path)
    options = ("--out", tmp_path / "out") if words[0] != "status" else ()
    assert exit_code(words[0], tmp_path / "folder", *words[1:], *options) == 2
    assert contents(tmp_path) == before
