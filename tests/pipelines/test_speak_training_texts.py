import numpy as np
import pyarrow.parquet as pq
import pytest

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from tests.loading import load_script

BOOK = """# One

The river rose in the night. It fell again before anybody saw it.

Nobody knew why the boats were gone. 비가 왔다. The river rose in the night.

# Two

See [the note] for it. Oh! The bridge was still there in the morning, and that was all.
"""


@pytest.fixture
def pipeline(monkeypatch):
    loaded = load_script("pipelines/speak_training_texts.py")
    monkeypatch.setattr(loaded, "ROWS_PER_SHARD", 2)
    return loaded


def teacher(said, duration_s=2.0):
    def say(text, speed, seed):
        said.append((text, speed, seed))
        return Waveform(np.full(round(duration_s * 24_000), 0.25, np.float32), 24_000)

    return say


def rows_of(folder):
    return [row for shard in sorted(folder.glob("*.parquet")) for row in pq.read_table(shard).to_pylist()]


def test_sentences_come_once_and_only_those_a_teacher_can_read(tmp_path, pipeline):
    (tmp_path / "river.md").write_text(BOOK, encoding="utf-8")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    found = dict(pipeline.english_sentences(pipeline.find_books([tmp_path])))
    assert set(found.values()) == {"river.md"}
    assert "The river rose in the night." in found
    assert all("비" not in text and "[" not in text for text in found)
    assert len(found) == 4


def test_a_row_has_its_metadata_and_its_sound(tmp_path, pipeline):
    pipeline.speak_all([("The river rose in the night.", "river.md")], tmp_path, 60, teacher([]))
    (row,) = rows_of(tmp_path)
    assert (row["language"], row["original_rate_hz"], row["text"]) == ("en", 24_000, "The river rose in the night.")
    assert row["duration_s"] == pytest.approx(2.0)
    assert read_sound(row["audio"]["bytes"]).duration_s == pytest.approx(2.0)
    assert "river.md" in row["source"]
    assert pq.read_schema(tmp_path / "hibari-0000.parquet").equals(pipeline.SCHEMA)


def test_a_stopped_run_continues_and_repeats_no_row(tmp_path, pipeline):
    sentences = [(f"This is sentence number {number} of the book.", "a.txt") for number in range(7)]
    whole = tmp_path / "whole"
    pipeline.speak_all(sentences, whole, 1e9, teacher(first := []))

    def stopping(text, speed, seed):
        if len(said) == 5:
            raise KeyboardInterrupt
        return teacher(said)(text, speed, seed)

    said, broken = [], tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt):
        pipeline.speak_all(sentences, broken, 1e9, stopping)
    assert len(rows_of(broken)) == 4  # two whole shards; the fifth sentence's was not put down
    # A book that comes in later changes the order, and must not change what is there.
    pipeline.speak_all([("A new book begins here, they say.", "b.txt"), *reversed(sentences)], broken, 1e9, teacher([]))
    names = [row["id"] for row in rows_of(broken)]
    assert len(names) == len(set(names)) == 8
    assert {row["id"] for row in rows_of(whole)} < set(names)
    assert len(first) == 7


def test_it_stops_when_there_is_enough_earlier_shards_included(tmp_path, pipeline):
    sentences = [(f"This is sentence number {number} of the book.", "a.txt") for number in range(9)]
    pipeline.speak_all(sentences, tmp_path, 5.0, teacher([]))
    assert len(rows_of(tmp_path)) == 3
    pipeline.speak_all(sentences, tmp_path, 5.0, teacher(said := []))
    assert said == []


@pytest.mark.parametrize("duration_s", [0.3, 40.0])
def test_a_teacher_that_stumbles_or_runs_away_leaves_no_row(tmp_path, pipeline, duration_s):
    pipeline.speak_all([("The river rose in the night.", "a.md")], tmp_path, 60, teacher([], duration_s))
    assert rows_of(tmp_path) == []


def test_the_same_text_is_always_spoken_alike_and_another_otherwise(tmp_path, pipeline):
    first, second = ("The river rose in the night.", "a.md"), ("Nobody saw it go.", "b.md")
    pipeline.speak_all([first], tmp_path / "one", 60, teacher(alone := []))
    pipeline.speak_all([second, first], tmp_path / "two", 60, teacher(beside := []))
    assert alone == beside[1:]
    assert beside[0][1:] != beside[1][1:]
