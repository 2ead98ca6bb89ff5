"""`convert` and `dub` as a user meets them."""

import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.errors import InputError
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file, recordings_file


@pytest.fixture
def invoke(tmp_path):
    """A command with the fake model, in words; gives exit code and output."""
    (tmp_path / "in").mkdir()
    prompt_file(tmp_path)
    for name in ("a.wav", "b.wav"):
        prompt_file(tmp_path / "in", 1.0, rate_hz=44_100, name=name)
    recordings_file(tmp_path, ["in/a.wav", "in/b.wav"])
    bundle = bundle_folder(tmp_path)

    def command(words):
        words = f"{words} --voice {tmp_path}/anna.wav --engine local --model {bundle}"
        result = CliRunner().invoke(app, words.format(folder=tmp_path).split())
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return command


def test_recordings_become_files_and_a_missing_one_another_exit_code(invoke, tmp_path):
    code, said = invoke("convert {folder}/m.csv --out {folder}/run --clips")
    assert (code, "2 of 2 rows" in said, "export/clips: 2 files" in said) == (0, True, True)
    recordings_file(tmp_path, ["in/a.wav", "in/none.wav"])
    code, said = invoke("convert {folder}/m.csv --out {folder}/run --update")
    assert (code, "failed, source: 1" in said) == (3, True)


def test_a_folder_is_dubbed_and_its_lengths_are_reported(invoke, tmp_path):
    code, said = invoke("dub {folder}/in --out {folder}/out --background off")
    assert code == 0
    assert said.count("length error 0") == 2
    assert "2 files dubbed, 0:02, 0 failed" in said
    (tmp_path / "in" / "c.wav").write_text("no sound")
    code, said = invoke("dub {folder}/in --out {folder}/out --background off")
    assert (code, "c.wav is not a readable audio file" in said) == (3, True)


def test_options_that_make_no_sense_are_refused(invoke):
    with pytest.raises(InputError, match="--pitch-semitones is out of range"):
        invoke("convert {folder}/m.csv --out {folder}/run --pitch-semitones 40")
    with pytest.raises(Exception, match="keep, off"):
        invoke("dub {folder}/in --out {folder}/out --background loud")
