import numpy as np
import pyarrow.parquet as pq
import pytest

from hierbatch.delivery.takes import BookTakes
from hierbatch.errors import RunError
from tests.audio.signals import speech_like
from tests.delivery.book_run import book_rows, later, sentence, write_run


def spoken_ids(takes):
    return [take.id for chapter in takes.chapters for take in chapter.takes if take.is_spoken]


def test_takes_come_in_book_order_with_their_own_sound(tmp_path):
    rows = book_rows(n_chapters=3, n_sentences=4)
    takes = BookTakes(write_run(tmp_path, rows, n_parts=3))
    assert spoken_ids(takes) == [row["id"] for row in rows]
    assert (takes.title, takes.language) == ("The Small Book", "en")
    assert [chapter.title for chapter in takes.chapters] == ["Chapter 1: A/B", "Chapter 2: A/B", "Chapter 3: A/B"]
    for chapter in takes.chapters:
        for take, sound in zip(chapter.takes, takes.sounds(chapter.takes), strict=True):
            expected = speech_like(1.5, seed=100 * take.chapter + take.sentence_index, lead_s=0.1, trail_s=0.2)
            np.testing.assert_allclose(sound.samples, expected.samples, atol=4e-5)
            assert takes.transcript(take).text == f"Sentence number {take.sentence_index} of it."


def test_words_are_timed_and_pauses_are_left_out(tmp_path):
    takes = BookTakes(write_run(tmp_path, [sentence(1, 0)], n_parts=1))
    words = takes.transcript(takes.chapters[0].takes[0]).words
    assert [word.text for word in words] == ["Sentence", "number", "so-and-so", "of", "it."]
    assert words[0].start_s == pytest.approx(0.1)
    assert words[-1].end_s == pytest.approx(1.3)


def test_a_retrys_take_counts(tmp_path):
    first = sentence(1, 0, status="failed")
    again = later(first, status="ok", attempt=2, duration_s=2.0)
    takes = BookTakes(write_run(tmp_path, [again, first], plan={"g0001": [first], "g0001-r001": [again]}))
    assert takes.chapters[0].takes[0].n_samples == 32_000


def test_a_failed_take_has_a_place_and_no_sound(tmp_path):
    rows = [sentence(1, 0), sentence(1, 1, status="failed"), sentence(1, 2)]
    takes = BookTakes(write_run(tmp_path, rows))
    assert spoken_ids(takes) == ["c1s0", "c1s2"]
    failed = takes.chapters[0].takes[1]
    assert (failed.is_spoken, failed.n_samples, failed.expected_duration_s) == (False, 0, 1.5)


def test_the_newest_plan_reports_what_the_book_holds(tmp_path):
    old, kept, edited, unfinished = (sentence(1, sentence_index) for sentence_index in range(4))
    now = edited | {"take_key": "e" * 32}
    plan = {"g0001": [old, kept, edited], "g0002": [kept, now, unfinished], "g0002-voices": []}
    takes = BookTakes(write_run(tmp_path, [old, kept, edited, later(now, duration_s=2.0)], plan=plan))
    assert spoken_ids(takes) == ["c1s1", "c1s2"]
    assert takes.chapters[0].takes[1].n_samples == 32_000
    assert [take.id for take in takes.chapters[0].takes if not take.is_spoken] == ["c1s3"]


def test_a_kept_take_moves_with_its_row(tmp_path):
    before = sentence(1, 0)
    moved = sentence(3, 7, id=before["id"], take_key=before["take_key"])
    (chapter,) = BookTakes(write_run(tmp_path, [before], plan={"g0001": [before], "g0002": [moved]})).chapters
    assert (chapter.number, chapter.takes[0].sentence_index, chapter.takes[0].is_spoken) == (3, 7, True)


def test_a_file_that_is_not_a_book_is_reported(tmp_path):
    with pytest.raises(RunError, match="no plan yet"):
        BookTakes(tmp_path)
    clips = write_run(tmp_path / "clips", [sentence(1, 0)])
    plan = clips / "plan" / "g0001.parquet"
    pq.write_table(pq.read_table(plan).drop_columns(["chapter", "sentence_index"]), plan)
    with pytest.raises(RunError, match=r"no position in a book.*without chapter, sentence_index.*hierbatch import"):
        BookTakes(clips)
    with pytest.raises(RunError, match="1 without, the first is c1s1"):
        BookTakes(write_run(tmp_path / "b", [sentence(1, 0), sentence(1, 1, status="failed") | {"chapter": None}]))


def test_damaged_files_are_reported(tmp_path):
    run = write_run(tmp_path / "cut", book_rows())
    part = sorted((run / "parts").iterdir())[0]
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"cannot be read.*run again"):
        BookTakes(run)
    run = write_run(tmp_path / "torn", [sentence(1, 0)], n_parts=1)
    takes = BookTakes(run)
    (run / "parts" / "g0001-u000000.parquet").unlink()
    with pytest.raises(RunError, match="was changed while it was read"):
        list(takes.sounds(takes.chapters[0].takes))
