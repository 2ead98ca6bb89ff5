import json

from hierbatch.delivery.edition import Edition
from hierbatch.delivery.encode import FORMATS
from hierbatch.delivery.profiles import find_profile
from hierbatch.delivery.sidecars import SIDECARS, sidecar_texts
from hierbatch.delivery.tags import BookTags
from hierbatch.delivery.timeline import ChapterTimeline

RATE_HZ = 44_100
TAGS = BookTags(
    title='The "Lamp"',
    author="Jane Doe, John Roe",
    narrator="Anna",
    language="en",
    series="Lamps",
    number="2",
    year="1899",
    isbn="9780141439846",
)


def texts(*formats):
    chapters = [
        ChapterTimeline(
            number=number,
            title=f"Chapter {number}",
            rate_hz=RATE_HZ,
            n_samples=round(length_s * RATE_HZ),
            placements=(),
            missing=(),
        )
        for number, length_s in ((1, 61.5), (2, 4000.0), (3, 10.0))
    ]
    edition = Edition(
        profile=find_profile("podcast"),
        rate_hz=RATE_HZ,
        formats=tuple(FORMATS[name] for name in formats),
        subtitles=(),
        timelines=chapters,
        tags=TAGS,
        cover=None,
    )
    return {str(name): text for name, text in sidecar_texts(edition, SIDECARS)}


def test_a_cue_sheet_of_a_book_has_the_starts_of_its_chapters_in_frames():
    lines = texts("m4b")["The Lamp.cue"].splitlines()
    assert "TITLE \"The 'Lamp'\"" in lines
    assert 'FILE "The Lamp.m4b" WAVE' in lines
    assert [line.split()[-1] for line in lines if "INDEX" in line] == ["00:00:00", "01:01:37", "67:41:37"]
    assert any("AI-generated speech" in line for line in lines)


def test_a_cue_sheet_of_chapter_files_names_each_file():
    lines = texts("mp3")["mp3/The Lamp.cue"].splitlines()
    assert [line for line in lines if line.startswith("FILE")] == [
        f'FILE "{number:02d} Chapter {number}.mp3" MP3' for number in (1, 2, 3)
    ]
    assert [line.split()[1] for line in lines if "TRACK" in line] == ["01", "02", "03"]
    assert {line.split()[-1] for line in lines if "INDEX" in line} == {"00:00:00"}


def test_podcast_chapters_and_audiobookshelf_agree_on_the_chapters():
    found = texts("m4b", "mp3")
    podcast, shelf = json.loads(found["The Lamp.chapters.json"]), json.loads(found["metadata.json"])
    assert podcast["version"] == "1.2.0"
    assert [chapter["startTime"] for chapter in podcast["chapters"]] == [0, 61.5, 4061.5]
    assert [(chapter["start"], chapter["end"]) for chapter in shelf["chapters"]] == [
        (0, 61.5),
        (61.5, 4061.5),
        (4061.5, 4071.5),
    ]
    assert (shelf["authors"], shelf["narrators"], shelf["series"]) == (["Jane Doe", "John Roe"], ["Anna"], ["Lamps #2"])
    assert (shelf["publishedYear"], shelf["isbn"], shelf["publisher"]) == ("1899", "9780141439846", None)
