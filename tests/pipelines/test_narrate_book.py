from tests.loading import load_script
from tests.tiny_bundle import write_tiny_bundle

BOOK = "# One\n\nThe river rose.\n\n# 둘\n\n비가 왔다.\n"


def test_the_ready_job_makes_a_book_and_says_where_it_is(tmp_path, capsys):
    pipeline = load_script("pipelines/narrate_book.py")
    book = tmp_path / "river.md"
    book.write_text(BOOK, encoding="utf-8")
    changes = {"model": write_tiny_bundle(tmp_path / "bundle"), "engine": "local", "to": "flac", "profile": "podcast"}
    assert pipeline.main(book=book, out=tmp_path / "out", **changes) == 0
    paths = [line.rpartition(": ")[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(paths) == sorted(map(str, (tmp_path / "out" / "book").rglob("*.flac")))
    assert len(paths) == 2


def test_the_ready_job_speaks_files_that_are_there():
    options = load_script("pipelines/narrate_book.py").OPTIONS
    assert options["book"].is_file()
    assert options["voice"].is_file()


def test_a_mistake_ends_in_words(tmp_path, capsys):
    pipeline = load_script("pipelines/narrate_book.py")
    assert pipeline.main(book=tmp_path / "nothing.epub", out=tmp_path / "out") == 2
    assert "nothing.epub" in capsys.readouterr().err
