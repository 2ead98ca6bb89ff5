import pytest

from hierbatch.cli.app import main
from tests.export.book_run import book_rows, write_run


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
    for words in ("passes acx", "Not heard in it, 1 rows: c1s1", "human narration", str(made), str(made)[:-3] + "srt"):
        assert words in said
