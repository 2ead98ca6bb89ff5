import tracemalloc
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from hierbatch.audio.decoding import open_file
from hierbatch.audio.files import read_sound
from hierbatch.audio.level_meter import LevelMeter
from hierbatch.delivery import encode
from hierbatch.delivery.profiles import PROFILES
from hierbatch.delivery.report import check_file
from hierbatch.errors import InputError, ProgramError, RunError, StorageError
from hierbatch.jobs.books.book import make_book
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.options.delivery import RunDelivery
from hierbatch.models.catalog.model_choice import DeviceChoice
from tests.changing import change
from tests.delivery.book_run import book_rows, sentence, write_run
from tests.delivery.cues import parsed
from tests.delivery.media import described, png
from tests.tiny_speechsr import write_tiny_speechsr


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run") / "r", book_rows(n_chapters=2, n_sentences=3))


@pytest.fixture(scope="module")
def result(run, tmp_path_factory):
    """Everything at once: what `narrate` asks for, and the rest."""
    cover = tmp_path_factory.mktemp("cover") / "c.png"
    cover.write_bytes(png())
    return make_book(
        BookJob(
            run=run,
            out=tmp_path_factory.mktemp("book") / "out",
            delivery=RunDelivery(to="m4b,mp3,opus,srt,vtt", profile="podcast,mp3=acx", cover=cover, author="Jane Doe"),
        )
    )


def by_format(result, name):
    return [file for file in result.files if file.format == name]


def test_every_file_is_there_and_nothing_else(result):
    out = by_format(result, "m4b")[0].path.parent
    stems = ["The Small Book", *(f"{kind}/0{n} Chapter {n} A B" for kind in ("mp3", "opus") for n in (1, 2))]
    suffixes = {"T": "m4b", "m": "mp3", "o": "opus"}
    assert files_in(out) == sorted(f"{stem}.{end}" for stem in stems for end in (suffixes[stem[0]], "srt", "vtt"))
    assert result.missing == ()
    assert len(result.subtitles) == 10
    assert all(path.exists() for path in result.subtitles)


def test_delivered_files_pass_their_profiles(result):
    assert result.passed
    for file in result.files:
        profile = PROFILES["acx" if file.format == "mp3" else "podcast"]
        report = check_file(file.path, profile)
        assert report.passed, report
        assert report == file.report


def test_chapter_marks_are_at_the_chapters_sounds(result):
    book = by_format(result, "m4b")[0]
    found = described(book.path)
    assert [title for title, _, _ in found.chapters] == ["Chapter 1: A/B", "Chapter 2: A/B"]
    with open_file(book.path, use_ffmpeg=True) as sound:
        meters = [LevelMeter(sound.rate_hz) for _ in found.chapters]
        border = round(found.chapters[1][1] * sound.rate_hz)
        position = 0
        for block in sound.blocks:
            cut = min(max(border - position, 0), len(block))
            meters[0].push(block[:cut])
            meters[1].push(block[cut:])
            position += len(block)
    assert position / sound.rate_hz == pytest.approx(book.duration_s, abs=1e-4)
    assert found.chapters[1][2] == pytest.approx(book.duration_s, abs=1e-3)
    for meter in meters:
        head_s, tail_s = meter.edge_silence_s()
        assert head_s == pytest.approx(PROFILES["podcast"].head_s, abs=0.08)
        assert tail_s == pytest.approx(PROFILES["podcast"].tail_s, abs=0.08)


def test_subtitles_run_with_the_sound(result):
    book = by_format(result, "m4b")[0]
    chapter = by_format(result, "mp3")[1]
    for path in (book.path, chapter.path):
        srt, vtt = (list(parsed(path.with_suffix(end).read_text(encoding="utf-8"))) for end in (".srt", ".vtt"))
        assert srt == vtt
        assert all(before[1] <= after[0] for before, after in pairwise(srt))
    cues = list(parsed(book.path.with_suffix(".srt").read_text(encoding="utf-8")))
    assert [text for _, _, text in cues] == [f"Sentence number {n} of it." for n in range(3)] * 2
    # The first word of each chapter begins where its mark says plus the head.
    for (_, start_s, _), cue in zip(described(book.path).chapters, cues[::3], strict=True):
        assert cue[0] == pytest.approx(start_s + PROFILES["podcast"].head_s, abs=0.03)


def test_the_speech_is_marked_as_synthetic(result):
    assert all("AI-generated speech; hierbatch" in described(file.path).tags["comment"] for file in result.files)


def test_no_file_is_overwritten_unasked(run, tmp_path):
    job = BookJob(run=run, delivery=RunDelivery(to="flac", profile="ebu"), out=tmp_path)
    make_book(job)
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in files_in(tmp_path)}
    with pytest.raises(InputError, match=r"already exists.*--overwrite"):
        make_book(job)
    assert before == {name: (tmp_path / name).stat().st_mtime_ns for name in files_in(tmp_path)}
    make_book(BookJob(run=run, delivery=RunDelivery(to="flac", profile="ebu"), out=tmp_path, overwrite=True))
    assert files_in(tmp_path) == sorted(before)


def test_gaps_are_refused_by_name_and_allowed_when_asked(tmp_path):
    rows = book_rows(n_chapters=1, n_sentences=4)
    rows[2]["status"] = "failed"
    run = write_run(tmp_path / "r", rows)
    with pytest.raises(RunError, match=r"1 of 4 rows.*c1s2.*hierbatch retry.*--allow-missing"):
        make_book(BookJob(run=run, delivery=RunDelivery(to="mp3")))
    assert not (run / "export").exists()
    result = make_book(BookJob(run=run, delivery=RunDelivery(to="mp3,srt", profile="acx"), allow_missing=True))
    assert result.missing == ("c1s2",)
    assert result.passed
    texts = [text for _, _, text in parsed(result.subtitles[0].read_text(encoding="utf-8"))]
    assert texts == [f"Sentence number {n} of it." for n in (0, 1, 3)]
    assert result.files[0].path.parent.parent == run / "export" / "book"


def test_rows_that_are_planned_and_not_made_are_gaps_too(tmp_path):
    rows = book_rows(n_chapters=1, n_sentences=3)
    run = write_run(tmp_path, rows[:2], plan={"g0001": rows})
    with pytest.raises(RunError, match=r"1 of 3 rows.*c1s2"):
        make_book(BookJob(run=run))


def test_a_run_of_failures_makes_no_book(tmp_path):
    run = write_run(tmp_path, [sentence(1, 0, status="failed")], n_parts=1)
    with pytest.raises(RunError, match=r"no successful take"):
        make_book(BookJob(run=run, allow_missing=True))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"to": "wma"}, "Unknown format"),
        ({"to": "srt"}, "No format"),
        ({"to": "m4b,ass"}, "Unknown format"),
        ({"profile": "loud"}, "Unknown profile"),
        ({"profile": "mp3=loud"}, "Unknown profile"),
        ({"embedded_cover": b"no picture"}, "JPEG or PNG"),
        ({"cover": Path("/nowhere.png")}, "Cannot read the cover"),
    ],
)
def test_wrong_options_are_reported_before_any_work(run, tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        make_book(change(BookJob(run=run, out=tmp_path / "out"), **options))
    assert not (tmp_path / "out").exists()


def break_feeding(monkeypatch, error, after_bytes):
    """The encoders die after they were fed so much together."""
    whole = encode.feed_program
    fed = []

    @contextmanager
    def breaking(arguments):
        with whole(arguments) as feed:

            def feed_or_die(block):
                fed.append(len(block))
                if sum(fed) > after_bytes:
                    raise error
                feed(block)

            yield feed_or_die

    monkeypatch.setattr(encode, "feed_program", breaking)


@pytest.mark.parametrize("error", [ProgramError("ffmpeg failed"), StorageError("disk full"), KeyboardInterrupt()])
def test_a_failure_in_the_middle_leaves_no_file(run, tmp_path, monkeypatch, error):
    (tmp_path / "mine.txt").write_text("untouched")
    break_feeding(monkeypatch, error, after_bytes=3_000_000)
    with pytest.raises(type(error)):
        make_book(BookJob(run=run, delivery=RunDelivery(to="mp3,m4b,srt"), out=tmp_path))
    assert files_in(tmp_path) == ["mine.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failure_keeps_the_book_that_was_there(run, tmp_path, monkeypatch):
    job = BookJob(run=run, delivery=RunDelivery(to="flac"), out=tmp_path, overwrite=True)
    make_book(job)
    before = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}
    break_feeding(monkeypatch, StorageError("disk full"), after_bytes=1_000_000)
    with pytest.raises(StorageError):
        make_book(job)
    assert before == {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}


def test_memory_does_not_grow_with_the_book(tmp_path):
    peaks = []
    for n_sentences in (2, 6):
        rows = [sentence(1, sentence_index, duration_s=5.0) for sentence_index in range(n_sentences)]
        run = write_run(tmp_path / str(n_sentences), rows, n_parts=2)
        tracemalloc.start()
        make_book(BookJob(run=run, delivery=RunDelivery(to="mp3")))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    more_bytes_of_sound = 4 * 5 * 44_100 * 4
    assert peaks[1] - peaks[0] < more_bytes_of_sound / 8


def test_progress_is_reported_chapter_by_chapter(run, tmp_path):
    told = []
    job = BookJob(run=run, delivery=RunDelivery(to="opus", profile="ebu"), out=tmp_path)
    make_book(job, on_chapter=lambda profile, chapter, n: told.append((profile, chapter.number, n)))
    assert told == [("ebu", 1, 2), ("ebu", 2, 2)]


def test_a_book_with_a_full_band_has_a_top_and_is_as_long(run, tmp_path, monkeypatch):
    monkeypatch.setattr("hierbatch.jobs.books.book_plan.DEFAULT_UPSAMPLER", str(write_tiny_speechsr(tmp_path / "tiny")))
    books = {}
    for name, full_band in (("plain", False), ("full", True)):
        delivery = RunDelivery(to="flac", profile="ebu", full_band=full_band)
        job = BookJob(run=run, delivery=delivery, out=tmp_path / name)
        books[name] = [read_sound(file.path) for file in make_book(job).files]
    for plain, full in zip(books["plain"], books["full"], strict=True):
        assert (full.rate_hz, full.n_samples) == (plain.rate_hz, plain.n_samples)
        assert share_above(full, 9_000) > 10 * share_above(plain, 9_000)


def test_the_top_is_computed_where_and_how_it_is_asked_for(run, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda network, **_: asked.append(type(network).__name__))
    monkeypatch.setattr("hierbatch.jobs.books.book_plan.DEFAULT_UPSAMPLER", str(write_tiny_speechsr(tmp_path / "tiny")))
    books = {}
    for device in (DeviceChoice(), DeviceChoice(dtype="bfloat16"), DeviceChoice(compile=True)):
        delivery, name = RunDelivery(to="flac", profile="ebu", full_band=True), str(device.placement)
        job = BookJob(run=run, delivery=delivery, out=tmp_path / name, device=device)
        books[name] = np.concatenate([read_sound(file.path).samples for file in make_book(job).files])
    noise = ((books["cpu"] - books["cpu,bfloat16"]) ** 2).sum() / (books["cpu"] ** 2).sum()
    assert 1e-9 < noise < 1e-2
    np.testing.assert_array_equal(books["cpu"], books["cpu,compile"])
    assert asked == ["SpeechSRLite"]


def test_a_device_that_is_not_here_cannot_give_a_top(run, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    delivery = RunDelivery(to="flac", full_band=True)
    job = BookJob(run=run, delivery=delivery, out=tmp_path / "out", device=DeviceChoice(device="cuda"))
    with pytest.raises(InputError, match="no GPU"):
        make_book(job)
    assert not (tmp_path / "out").exists()


def share_above(sound, hz):
    power = np.abs(np.fft.rfft(sound.samples.astype(np.float64))) ** 2
    return power[np.fft.rfftfreq(sound.n_samples, 1 / sound.rate_hz) > hz].sum() / power.sum()
