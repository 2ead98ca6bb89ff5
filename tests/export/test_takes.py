import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import RunError
from hierbatch.export.takes import RunTakes
from tests.audio.signals import speech_like
from tests.export.book_run import book_rows, later, sentence, write_run


def spoken_ids(takes):
    return [take.id for chapter in takes.chapters for take in chapter.takes if take.is_spoken]


def test_takes_come_in_book_order_with_their_own_sound(tmp_path):
    rows = book_rows(n_chapters=3, n_sentences=4)
    takes = RunTakes(write_run(tmp_path, rows, n_parts=3))
    assert spoken_ids(takes) == [row["id"] for row in rows]
    assert (takes.title, takes.language) == ("The Small Book", "en")
    assert [chapter.title for chapter in takes.chapters] == ["Chapter 1: A/B", "Chapter 2: A/B", "Chapter 3: A/B"]
    for chapter in takes.chapters:
        for take in chapter.takes:
            expected = speech_like(1.5, seed=100 * take.chapter + take.seq, lead_s=0.1, trail_s=0.2)
            np.testing.assert_allclose(takes.sound(take).samples, expected.samples, atol=4e-5)
            assert takes.script(take).text == f"Sentence number {take.seq} of it."


def test_words_are_timed_and_pauses_are_left_out(tmp_path):
    takes = RunTakes(write_run(tmp_path, [sentence(1, 0)], n_parts=1))
    words = takes.script(takes.chapters[0].takes[0]).words
    assert [word.text for word in words] == ["Sentence", "number", "so-and-so", "of", "it."]
    assert words[0].start_s == pytest.approx(0.1)
    assert words[-1].end_s == pytest.approx(1.3)


def test_the_last_attempt_counts(tmp_path):
    first = sentence(1, 0, duration_s=1.0)
    again = later(first, attempt=2, duration_s=2.0)
    takes = RunTakes(write_run(tmp_path, [again, first], n_parts=2))
    assert takes.chapters[0].takes[0].n_samples == 32_000


def test_a_failed_take_has_a_place_and_no_sound(tmp_path):
    rows = [sentence(1, 0), sentence(1, 1, status="failed"), sentence(1, 2)]
    takes = RunTakes(write_run(tmp_path, rows))
    assert spoken_ids(takes) == ["c1s0", "c1s2"]
    failed = takes.chapters[0].takes[1]
    assert (failed.is_spoken, failed.n_samples, failed.expected_duration_s) == (False, 0, 1.5)


def test_the_newest_plan_says_what_the_book_holds(tmp_path):
    old, kept, edited, unfinished = (sentence(1, seq) for seq in range(4))
    now = edited | {"take_key": "e" * 32}
    plan = {"g0001": [old, kept, edited], "g0002": [kept, now, unfinished], "g0002-voices": []}
    takes = RunTakes(write_run(tmp_path, [old, kept, edited, later(now, duration_s=2.0)], plan=plan))
    assert spoken_ids(takes) == ["c1s1", "c1s2"]
    assert takes.chapters[0].takes[1].n_samples == 32_000
    assert [take.id for take in takes.chapters[0].takes if not take.is_spoken] == ["c1s3"]


def test_a_retrys_take_is_wanted_too(tmp_path):
    row = sentence(1, 0, status="failed")
    again = later(row, status="ok", attempt=2, take_key="f" * 32)
    takes = RunTakes(write_run(tmp_path, [row, again], plan={"g0001": [row], "g0001-r001": [again]}))
    assert spoken_ids(takes) == ["c1s0"]


def test_a_take_of_an_older_text_does_not_stand_for_a_new_one(tmp_path):
    old = sentence(1, 0, attempt=3)
    new = old | {"take_key": "e" * 32, "attempt": 1}
    takes = RunTakes(write_run(tmp_path, [old, sentence(1, 1)], plan={"g0001": [new, sentence(1, 1)]}))
    assert spoken_ids(takes) == ["c1s1"]


def test_what_is_no_book_is_told(tmp_path):
    with pytest.raises(RunError, match="no takes"):
        RunTakes(tmp_path)
    (tmp_path / "parts").mkdir()
    pq.write_table(pa.table({"id": ["a"], "status": ["ok"]}), tmp_path / "parts" / "p.parquet")
    with pytest.raises(RunError, match=r"do not stand in a book.*lacks.*chapter.*hierbatch import"):
        RunTakes(tmp_path)
    with pytest.raises(RunError, match="without, the first is c1s1"):
        RunTakes(write_run(tmp_path / "b", [sentence(1, 0), sentence(1, 1, status="failed") | {"chapter": None}]))


def test_a_damaged_part_is_named(tmp_path):
    run = write_run(tmp_path, book_rows())
    part = sorted((run / "parts").iterdir())[0]
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(RunError, match=rf"{part.name} cannot be read"):
        RunTakes(run)
