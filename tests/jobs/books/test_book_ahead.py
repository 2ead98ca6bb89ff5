"""Chapters that are made before their book is complete."""

import shutil

import pyarrow.parquet as pq
import pytest

from hierbatch.delivery import edition_making
from hierbatch.delivery.takes import BookTakes
from hierbatch.jobs.books import book_ahead, mastering_process
from hierbatch.jobs.books.book import make_book
from hierbatch.jobs.books.book_ahead import AheadBook, make_ahead, unsettled_rows
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.books.narrate import narrate
from hierbatch.jobs.options.delivery import RunDelivery
from tests.changing import change
from tests.delivery.book_run import book_rows, later, write_run
from tests.jobs.running import narration

DELIVERY = RunDelivery(profile="podcast,mp3=acx", author="Jane Doe")


def job_of(run, to="m4b,mp3,flac"):
    return BookJob(run=run, delivery=change(DELIVERY, to=to), allow_missing=True)


def add_takes(run, rows, name):
    """Commit takes of planned rows as another part."""
    other = write_run(run.parent / f"{run.name}-{name}", rows, n_parts=1)
    shutil.copy(other / "parts" / "g0001-u000000.parquet", run / "parts" / f"g0001-u{name}.parquet")


def partial_run(folder, rows, is_made):
    """A run whose plan asks for all rows, with takes of some of them."""
    return write_run(folder, [row for row in rows if is_made(row)], plan={"g0001": rows})


def contents(result):
    return {file.path.name: file.path.read_bytes() for file in result.files}


def fresh(folder, rows, to="m4b,mp3,flac"):
    """The book of a complete run of which nothing was made before."""
    return contents(make_book(job_of(write_run(folder, rows), to)))


@pytest.fixture
def job(tmp_path):
    return narration(tmp_path)


@pytest.fixture
def calls(monkeypatch):
    """Names of the chapters that were mastered, and of the files that were encoded."""
    made = []
    for name in ("master_chapter", "chapter_encoder"):
        real = getattr(edition_making, name)

        def counted(*arguments, real=real, name=name):
            made.append(name)
            return real(*arguments)

        monkeypatch.setattr(edition_making, name, counted)
    return made


def test_chapters_are_made_when_their_rows_are_and_the_book_is_that_of_a_later_mastering(tmp_path, calls):
    rows = book_rows(n_chapters=3, n_sentences=1)
    run = partial_run(tmp_path / "run", rows, lambda row: row["chapter"] < 3)
    with AheadBook(job_of(run)) as book:
        book.make_ready(BookTakes(run), is_last=False)
        assert calls.count("master_chapter") == 4  # two chapters in two profiles
        assert calls.count("chapter_encoder") == 4  # two chapters in two formats
        add_takes(run, [row for row in rows if row["chapter"] == 3], "000009")
        book.make_ready(BookTakes(run), is_last=True)
    assert calls.count("master_chapter") == 6
    n_calls = len(calls)
    made = contents(make_book(job_of(run)))
    assert len(calls) == n_calls  # nothing was left to do
    assert made == fresh(tmp_path / "fresh", rows)
    assert not job_of(run).encoded_files.exists()


def test_a_take_that_is_replaced_changes_its_chapter_and_the_whole_book(tmp_path, calls):
    rows = book_rows(n_chapters=2, n_sentences=2)
    run = write_run(tmp_path / "run", rows)
    with AheadBook(job_of(run, "m4b")) as book:
        book.make_ready(BookTakes(run), is_last=False)
        edited = [later(row, take_key="f" * 32, duration_s=2.0) if row["id"] == "c1s1" else row for row in rows]
        for name in ("parts", "plan"):
            shutil.rmtree(run / name)
        write_run(run, edited)
        book.make_ready(BookTakes(run), is_last=True)
    n_mastered = calls.count("master_chapter")
    made = contents(make_book(job_of(run, "m4b")))
    assert calls.count("master_chapter") == n_mastered
    assert made == fresh(tmp_path / "fresh", edited, "m4b")


def test_a_chapter_with_a_failed_or_flawed_row_waits_for_the_end(tmp_path, calls):
    rows = book_rows(n_chapters=3, n_sentences=2)
    rows[1] |= {"flags": ["clipped"]}
    rows[3] |= {"status": "failed", "error_kind": "text", "error": "empty"}
    run = write_run(tmp_path / "run", rows)
    assert unsettled_rows(BookTakes(run)) == {"c1s1", "c2s1"}
    with AheadBook(job_of(run, "m4b")) as book:
        book.make_ready(BookTakes(run), is_last=False)
        assert calls.count("master_chapter") == 1
        book.make_ready(BookTakes(run), is_last=True)
    n_calls = len(calls)
    made = contents(make_book(job_of(run, "m4b")))
    assert len(calls) == n_calls
    assert made == fresh(tmp_path / "fresh", rows, "m4b")


def test_the_run_is_read_until_the_synthesis_has_ended(tmp_path, monkeypatch):
    rows = book_rows(n_chapters=2, n_sentences=1)
    run = partial_run(tmp_path / "run", rows, lambda row: row["chapter"] == 1)
    answers = iter([False, False, True])

    def rest(_):
        if not (run / "parts" / "g0001-u000009.parquet").exists():
            add_takes(run, rows[1:], "000009")

    monkeypatch.setattr(book_ahead.time, "sleep", rest)
    make_ahead(job_of(run, "flac"), lambda: next(answers))
    folder = job_of(run).kept_chapters
    assert len(list(folder.glob("*.flac"))) == 2
    assert len(pq.read_table(run / "parts")) == 2


@pytest.mark.slow
def test_narrating_with_the_process_gives_the_files_of_narrating_without_it(job, monkeypatch):
    plain = contents(narrate(job).result)
    shutil.rmtree(job.out)
    monkeypatch.setattr(mastering_process, "_MIN_SOUND_S", 0.0)
    mastered = []
    real = edition_making.master_chapter
    monkeypatch.setattr(edition_making, "master_chapter", lambda *given: mastered.append(1) or real(*given))
    messages = []
    made = narrate(job, change(mastering_process.RunListener(), on_message=messages.append))
    assert contents(made.result) == plain
    assert mastered == []  # the process has done it
    assert "Mastering" in messages


@pytest.mark.slow
def test_a_process_that_fails_is_reported_and_the_book_is_made(job, monkeypatch):
    monkeypatch.setattr(mastering_process, "_MIN_SOUND_S", 0.0)
    monkeypatch.setattr(mastering_process.sys, "executable", "/bin/false")
    messages = []
    made = narrate(job, change(mastering_process.RunListener(), on_message=messages.append))
    assert made.result is not None
    assert any("Mastering beside the synthesis failed" in message for message in messages)
