from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest

from hierbatch.audio.decoding import open_file
from hierbatch.delivery.encode import FORMATS, book_encoder, chapter_encoder, find_format, finish_book
from hierbatch.delivery.itunes_tags import write_itunes_fields
from hierbatch.delivery.tags import BookTags, ChapterMark, Cover, book_fields, chapter_fields
from hierbatch.errors import InputError, ProgramError, StorageError
from tests.audio.signals import in_blocks, speech_like
from tests.delivery.media import described, has_cover, png

MARK = f"AI-generated speech; hierbatch {version('hierbatch')}"
TAGS = BookTags(title="A; =Tale# of \\ Two", author="Jane Doe", narrator="Anna", language="ko")


def rate_of(kind):
    return kind.rate_hz or 44_100


def encode_chapter(path, kind, samples, cover=None):
    fields = chapter_fields(TAGS, "첫째 장", 2, 9)
    with chapter_encoder(path, kind, rate_of(kind), fields, cover) as feed:
        for block in in_blocks(samples, 50_000):
            feed(block)


@pytest.mark.parametrize("name", ["mp3", "flac", "opus"])
def test_a_chapter_file_has_its_sound_tags_and_cover_and_leaves_nothing_beside(tmp_path, name):
    kind, path = FORMATS[name], tmp_path / f"a.{name}"
    samples = speech_like(3.0, rate_of(kind), level_db=-20).samples
    encode_chapter(path, kind, samples, Cover(png()))
    with open_file(path, use_ffmpeg=True) as sound:
        assert (sound.rate_hz, sound.n_channels) == (rate_of(kind), 1)
        got = np.concatenate(list(sound.blocks))[:, 0]
    assert len(got) == len(samples)
    assert np.corrcoef(got, samples)[0, 1] > 0.99  # and so not delayed either
    tags = described(path).tags
    wanted = {"title": "첫째 장", "album": TAGS.title, "artist": "Jane Doe", "track": "2/9", "comment": MARK}
    assert wanted.items() <= tags.items()
    assert {key.lower(): value for key, value in tags.items()}["synthetic"] == "true"
    assert has_cover(path) == kind.supports_cover
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_flac_loses_nothing_but_what_16_bits_cannot_hold(tmp_path):
    samples = speech_like(1.0, 44_100).samples
    encode_chapter(tmp_path / "a.flac", FORMATS["flac"], samples)
    with open_file(tmp_path / "a.flac", use_ffmpeg=True) as sound:
        np.testing.assert_allclose(np.concatenate(list(sound.blocks))[:, 0], samples, atol=2 / 32768)


@pytest.mark.parametrize("cover", [None, Cover(png())])
def test_a_book_file_has_chapters_to_the_sample(tmp_path, cover):
    kind, bare, path = FORMATS["m4b"], tmp_path / "bare.m4b", tmp_path / "book.m4b"
    samples = speech_like(4.0, 44_100, level_db=-20).samples
    with book_encoder(bare, kind, 44_100) as feed:
        feed(samples)
    marks = [ChapterMark("One = 1", 0, 50_001), ChapterMark("둘; 2", 50_001, len(samples))]
    finish_book(bare, path, kind, book_fields(TAGS), marks, 44_100, cover)
    found = described(path)
    assert [title for title, _, _ in found.chapters] == ["One = 1", "둘; 2"]
    assert [time_s for _, *times in found.chapters for time_s in times] == pytest.approx(
        [0, 50_001 / 44_100, 50_001 / 44_100, len(samples) / 44_100], abs=1e-4
    )
    assert found.tags["title"] == TAGS.title
    assert (found.tags["artist"], found.tags["composer"]) == ("Jane Doe", "Anna")
    assert (found.tags["comment"], found.tags["genre"], found.tags["media_type"]) == (MARK, "Audiobook", "2")
    assert found.tags["major_brand"].strip() == "M4B"
    assert has_cover(path) == (cover is not None)
    with open_file(path, use_ffmpeg=True) as sound:
        got = np.concatenate(list(sound.blocks))[:, 0]
    assert len(got) == len(samples)
    assert np.corrcoef(got, samples)[0, 1] > 0.99


def test_a_cover_that_is_not_a_picture_is_refused():
    with pytest.raises(InputError, match="JPEG or PNG"):
        Cover(b"GIF89a")


def test_an_unknown_format_is_refused():
    with pytest.raises(InputError, match=r"m4b or mp3 or flac or opus.*'wma'"):
        find_format("wma")


def test_a_failing_encoder_is_reported(tmp_path):
    with pytest.raises(ProgramError, match="ffmpeg"):
        encode_chapter(tmp_path / "a.mp3", FORMATS["flac"].__class__(name="x", codec=("-c:a", "nope"), muxer=()), [])


def test_a_full_disk_is_reported(tmp_path):
    full = tmp_path / "full.flac"
    full.symlink_to("/dev/full")
    with pytest.raises(StorageError, match="disk is full"):
        encode_chapter(full, FORMATS["flac"], speech_like(20.0, 44_100).samples)


def test_fields_of_an_m4b_for_libraries_leave_its_sound_and_chapters_as_they_are(tmp_path):
    kind, bare, path = FORMATS["m4b"], tmp_path / "bare.m4b", tmp_path / "book.m4b"
    samples = speech_like(3.0, 44_100, level_db=-20).samples
    with book_encoder(bare, kind, 44_100) as feed:
        feed(samples)
    marks = [ChapterMark("One", 0, 50_001), ChapterMark("둘", 50_001, len(samples))]
    tags = replace(TAGS, series="The Lamps", number="2", year="1899", publisher="Lamp Press", isbn="9780141439846")
    finish_book(bare, path, kind, book_fields(tags), marks, 44_100, Cover(png()))
    before, sound = described(path), decoded(path)
    write_itunes_fields(path, tags)
    after = described(path)
    assert (after.chapters, decoded(path)) == (before.chapters, sound)
    assert before.tags.items() <= after.tags.items()
    found = {name.lower(): value for name, value in after.tags.items()}
    assert (found["series"], found["series-part"], found["isbn"]) == ("The Lamps", "2", "9780141439846")
    assert (found["publisher"], found["synthetic"], found["date"]) == ("Lamp Press", "true", "1899")
    assert (found["grouping"], found["comment"]) == ("The Lamps #2", MARK)


def decoded(path):
    with open_file(path, use_ffmpeg=True) as sound:
        return np.concatenate(list(sound.blocks)).tobytes()


@pytest.mark.parametrize("size", [(2, 2), (300, 200)])
def test_the_size_of_a_cover_is_read_from_its_file(size):
    assert Cover(png(*size)).size == size


def test_the_size_of_a_jpeg_is_that_of_its_frame():
    frame = b"\xff\xe0\x00\x04ab" + b"\xff\xc2\x00\x11\x08" + (1200).to_bytes(2) + (1600).to_bytes(2) + bytes(12)
    assert Cover(b"\xff\xd8" + frame).size == (1600, 1200)
    assert Cover(b"\xff\xd8\xff").size is None
