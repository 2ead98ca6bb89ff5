import json
from dataclasses import replace

import pytest

from hierbatch.delivery.profiles import PROFILES
from hierbatch.delivery.tags import synthetic_notice
from hierbatch.jobs.books.book import make_book
from hierbatch.jobs.books.book_ahead import make_ahead
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.options.delivery import RunDelivery
from tests.delivery.book_run import book_rows, write_run
from tests.delivery.media import described


@pytest.fixture
def close_ceiling(monkeypatch):
    """A limiter that leaves lossy codecs no room, on loud speech."""
    close = replace(PROFILES["podcast"], ceiling_dbtp=-1.0, level_target=-11.0, level_range=(-20.0, -5.0))
    monkeypatch.setitem(PROFILES, "podcast", close)


def books(run, out, is_ahead):
    job = BookJob(run=run, out=out, delivery=RunDelivery(to="m4b,opus,flac", profile="podcast", sample=True))
    if is_ahead:
        make_ahead(job, lambda: True)
    return {str(file.path.relative_to(out)): file for file in make_book(job).files}


def test_a_file_whose_codec_raises_peaks_is_encoded_again_at_a_lower_level(tmp_path, close_ceiling, monkeypatch):
    run = write_run(tmp_path / "run", book_rows(n_chapters=2, n_sentences=3))
    made, ahead = (books(run, tmp_path / f"out-{is_ahead}", is_ahead) for is_ahead in (False, True))
    for file in made.values():
        assert file.report.passed, file.report
    for name in made:
        if not name.endswith("opus"):  # the serial number of an Ogg stream is random
            assert ahead[name].path.read_bytes() == made[name].path.read_bytes()
    assert not [path for path in (tmp_path / "out-False").iterdir() if path.name.startswith("again")]
    monkeypatch.setattr("hierbatch.delivery.peak_limit._MAX_ATTEMPTS", 0)
    once = books(run, tmp_path / "once", is_ahead=False)
    assert not once["The Small Book.m4b"].report.passed


def test_metadata_for_libraries_has_the_chapters_of_the_file_of_the_whole_book(tmp_path):
    """The chapter files have another level, and other silence at their ends."""
    run = write_run(tmp_path / "run", book_rows(n_chapters=2, n_sentences=3))
    for number, formats in enumerate(("m4b,mp3,audiobookshelf", "mp3,m4b,audiobookshelf")):
        out = tmp_path / str(number)
        make_book(BookJob(run=run, out=out, delivery=RunDelivery(to=formats, profile="podcast,mp3=acx")))
        listed = json.loads((out / "metadata.json").read_text(encoding="utf-8"))["chapters"]
        marked = described(out / "The Small Book.m4b").chapters
        assert [(chapter["title"], chapter["start"]) for chapter in listed] == [
            (title, pytest.approx(start_s, abs=1e-3)) for title, start_s, _ in marked
        ]


def test_the_comment_of_an_mp3_is_where_players_look_for_it(tmp_path):
    from mutagen.id3 import ID3

    run = write_run(tmp_path / "run", book_rows(n_chapters=1, n_sentences=3))
    delivery = RunDelivery(to="mp3", profile="acx", author="Jane Doe")
    [file] = make_book(BookJob(run=run, out=tmp_path / "out", delivery=delivery)).files
    tags = ID3(file.path)
    assert [frame.text for frame in tags.getall("COMM")] == [[synthetic_notice()]]
    assert (tags["TIT2"].text, tags["TPE1"].text) == (["Chapter 1: A/B"], ["Jane Doe"])
    assert described(file.path).tags["comment"] == synthetic_notice()
