import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app, main
from hierbatch.errors import BookError
from tests.delivery.book_run import book_rows, write_run


def test_one_line_makes_a_book_and_says_where_it_is(tmp_path, monkeypatch, capsys):
    rows = book_rows(n_chapters=1, n_sentences=3)
    rows[1]["status"] = "failed"
    run = write_run(tmp_path / "r", rows)
    line = ["book", run, "--to", "mp3, srt", "--profile", "ebu,mp3=acx", "--out", tmp_path / "out"]

    monkeypatch.setattr("sys.argv", ["hierbatch", *map(str, line)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "--allow-missing" in capsys.readouterr().err

    monkeypatch.setattr("sys.argv", ["hierbatch", *map(str, line), "--allow-missing"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().out
    assert ended.value.code == 0, said
    made = tmp_path / "out" / "mp3" / "01 Chapter 1 A B.mp3"
    assert made.exists()
    for words in ("passes acx", "Missing audio, 1 rows: c1s1", "human narration", str(made), str(made)[:-3] + "srt"):
        assert words in said


def test_where_and_how_the_top_is_computed_is_handed_on(tmp_path, monkeypatch):
    asked = []

    def make_book(job, **_):
        asked.append((job.delivery.full_band, str(job.device.placement)))
        raise BookError("enough")

    monkeypatch.setattr("hierbatch.jobs.books.book.make_book", make_book)
    line = ["book", str(tmp_path), "--full-band", "--device", "cuda", "--dtype", "float16", "--compile"]
    CliRunner().invoke(app, line)
    assert asked == [(True, "cuda,float16,compile")]
