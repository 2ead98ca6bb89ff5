"""`corpus` and `export` as a user meets them, one after the other."""

import sys

import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app, main
from tests.jobs.made_corpora import corpus_job

CORPUS = "corpus {folder}/texts.csv --voices {folder}/voices.csv --hours 0.008 --out {folder}/run --measures none "


@pytest.fixture
def words(tmp_path):
    corpus_job(tmp_path)  # texts and voices
    head, first, *_ = (tmp_path / "voices.csv").read_text().splitlines()
    (tmp_path / "none.csv").write_text(f"{head}\n")
    (tmp_path / "one.csv").write_text(f"{head}\n{first}\n")
    model = f"--engine local --model {tmp_path / 'bundle'}"
    return lambda line: line.format(folder=tmp_path, model=model).split()


def test_a_corpus_is_made_and_exported(words, tmp_path):
    made = CliRunner().invoke(app, words(CORPUS + "{model}"))
    assert made.exit_code == 0, made.output
    for part in ("rows done", "train: ", "dev: ", "test: ", "rows.parquet", "hierbatch export"):
        assert part in made.output, made.output
    written = CliRunner().invoke(app, words("export {folder}/run --to nemo --out {folder}/nemo --name Small"))
    assert written.exit_code == 0, written.output
    assert "3 speakers" in written.output
    assert (tmp_path / "nemo" / "README.md").read_text().startswith("# Small")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (CORPUS + "--speed fast {model}", "--speed is invalid"),
        (CORPUS + "--pitch-semitones -20,0 {model}", "spread of pitch_semitones is out of range"),
        (CORPUS + "--split train=1.2 {model}", "Invalid split"),
        (CORPUS + "--measures beauty {model}", "Unknown measure"),
        (CORPUS + "--asr-model {folder} {model}", "There is no Whisper model"),
        (CORPUS + "--filter {folder}/texts.csv {model}", "is not valid TOML"),
        (CORPUS.replace("voices.csv", "none.csv") + "{model}", "the table has no rows"),
        (CORPUS.replace("voices.csv", "one.csv") + "--speakers 2 {model}", "There are not 2 speakers"),
        ("export {folder} --to hf --out {folder}/x", "has no plan yet"),
        ("export {folder} --to hf --out {folder}/texts.csv", "already exists"),
    ],
)
def test_a_mistake_ends_in_one_paragraph_and_code_2(words, line, told, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["hierbatch", *words(line)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
