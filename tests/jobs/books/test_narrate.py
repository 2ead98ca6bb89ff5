import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.audio.files import read_sound
from hierbatch.audio.resample import resample
from hierbatch.delivery import edition_making
from hierbatch.delivery.book_file import read_book_file
from hierbatch.delivery.report import FileReport
from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.errors import BookError, BundleError, InputError, RunError
from hierbatch.jobs.books.book import BookResult
from hierbatch.jobs.books.book_files import CheckedFile
from hierbatch.jobs.books.cast import CastBook, cast_book
from hierbatch.jobs.books.narrate import NarrationResult, narrate
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.device_placement import DevicePlacement
from tests.changing import change
from tests.delivery.media import described
from tests.engine.fake_model import spoken
from tests.engine.planned_run import bundle_folder
from tests.jobs.running import BOOK, narration
from tests.making import prompt_file


@pytest.fixture
def job(tmp_path):
    return narration(tmp_path)


def test_a_book_becomes_an_audiobook_with_its_chapters_and_languages(job):
    imported = []
    narration = narrate(job, on_import=imported.append)
    assert imported == [narration.imported]
    table = Takes(job.out / "run").table(["language", "chapter", "kind", "status"])
    assert set(table.column("status").to_pylist()) == {"ok"}
    assert table.column("language").to_pylist().count("ko") == 1
    heard = [read_sound(file.path).duration_s for file in narration.result.files]
    assert len(heard) == len(set(table.column("chapter").to_pylist()))
    assert narration.duration_s == pytest.approx(sum(heard), abs=0.1)
    assert narration.result.missing == ()


def test_narrating_again_speaks_nothing_and_an_edited_sentence_alone(job, tmp_path):
    narrate(job)
    n_spoken = len(spoken(tmp_path / "bundle"))
    again = narrate(job)
    assert again.result is not None
    assert len(spoken(tmp_path / "bundle")) == n_spoken
    job.book.write_text(BOOK.replace("It was late.", "It was very late."), encoding="utf-8")
    with pytest.raises(RunError, match="--update"):
        narrate(job)
    edited = narrate(change(job, update=True))
    assert len(spoken(tmp_path / "bundle")) == n_spoken + 1
    assert edited.outcome.counts.n_ok == again.outcome.counts.n_ok


def test_a_row_that_fails_leaves_a_silence_and_is_reported(job, tmp_path):
    narrate(job)
    seeds = dict(
        zip(*(Takes(job.out / "run").table(["id", "seed"]).column(n).to_pylist() for n in range(2)), strict=True)
    )
    failing = sorted(seeds)[1]
    fresh = change(job, out=tmp_path / "again", model=bundle_folder(tmp_path, raise_on=seeds[failing]))
    narration = narrate(fresh)
    assert narration.outcome.counts.n_failed == 1
    assert narration.result.missing == (failing,)


def test_a_lexicon_changes_how_its_words_are_spoken_and_nothing_else(job, tmp_path):
    narrate(job)
    before = Takes(job.out / "run").table(["id", "phonemes"]).to_pylist()
    lexicon = tmp_path / "lexicon.csv"
    lexicon.write_text("word,pronunciation,kind,language,scope\nlamp,m u n,ipa,en,\n", encoding="utf-8")
    narrate(change(job, lexicon=lexicon, update=True))
    after = Takes(job.out / "run").table(["id", "phonemes"]).to_pylist()
    changed = [new["phonemes"] for old, new in zip(before, after, strict=True) if old != new]
    assert changed
    assert all("m ˈu n" in phonemes or "m u n" in phonemes for phonemes in changed)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda job: job.book.unlink(), BookError),
        (lambda job: job.book.write_text("", encoding="utf-8"), BookError),
        (lambda job: job.voices.voice.write_bytes(b""), InputError),
    ],
)
def test_errors_are_reported_before_any_work(job, tmp_path, spoil, error):
    spoil(job)
    with pytest.raises(error):
        narrate(job)
    assert spoken(tmp_path / "bundle") == []


def test_a_top_is_computed_as_the_speech_is(job, monkeypatch):
    asked = []

    def top(model, device):
        asked.append((model, device))
        return resample

    monkeypatch.setattr("hierbatch.jobs.books.book_plan.full_band_resampler", top)
    narrate(change(job, full_band=True, dtype="bfloat16"))
    assert asked == [("speechsr", DevicePlacement(dtype="bfloat16"))]


def test_a_machine_that_cannot_extend_the_band_reports_it_before_a_cluster_starts(job, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    away = change(job, device="cuda", execution=Execution(ray_address="10.0.0.1:6379"))
    with pytest.raises(InputError, match=r"no GPU.*without --full-band"):
        narrate(change(away, full_band=True))
    monkeypatch.setattr("hierbatch.jobs.books.narrate.DEFAULT_UPSAMPLER", "no such model")
    with pytest.raises(BundleError):
        narrate(change(away, full_band=True))
    assert not job.out.exists()


def rows(job):
    return Takes(job.out / "run").table(["id", "text", "chapter", "voice"]).to_pylist()


def edit(job, **texts):
    """Save the manifest as an editor would: with another text in some rows."""
    path = job.out / "manifest.parquet"
    table = pq.read_table(path)
    changed = [texts.get(row["id"].replace("-", "_"), row["text"]) for row in table.to_pylist()]
    pq.write_table(table.set_column(table.schema.get_field_index("text"), "text", pa.array(changed)), path)


def test_an_edited_manifest_is_spoken_and_survives_a_paragraph_added_in_front(job, tmp_path):
    narrate(job)
    edit(job, c001_00004="It was very late.")
    narrate(change(job, update=True))
    n_spoken = len(spoken(tmp_path / "bundle"))
    job.book.write_text(
        BOOK.replace("The lamp was lit.", "A line was put in front.\n\nThe lamp was lit."), encoding="utf-8"
    )
    narrate(change(job, update=True))
    assert len(spoken(tmp_path / "bundle")) == n_spoken + 1
    assert [(row["id"], row["text"]) for row in rows(job)] == [
        ("c001-00001", "The Lamp"),
        ("c001-00002", "One"),
        ("c001-00005", "A line was put in front."),
        ("c001-00003", "The lamp was lit."),
        ("c001-00004", "It was very late."),
        ("c002-00001", "Two"),
        ("c002-00002", "Nobody came."),
        ("c002-00003", "아무도 오지 않았다."),
    ]


def test_an_edit_in_conflict_with_the_changed_book_is_refused_until_a_side_is_named(job):
    narrate(job)
    edit(job, c001_00004="It was very late.")
    before = (job.out / "manifest.parquet").read_bytes()
    job.book.write_text(BOOK.replace("It was late.", "It was rather late."), encoding="utf-8")
    with pytest.raises(InputError, match=r"c001-00004: text is 'It was very late\.'.*--conflicts edited"):
        narrate(change(job, update=True))
    assert (job.out / "manifest.parquet").read_bytes() == before
    narrate(change(job, update=True, conflicts="edited"))
    assert [row["text"] for row in rows(job)][3] == "It was very late."


def test_chapters_are_made_and_delivered_by_number_and_the_rest_later(job, tmp_path):
    part = narrate(change(job, chapters="2"))
    assert [row["chapter"] for row in rows(job)] == [2, 2, 2]
    assert [file.path.name for file in part.result.files] == ["02 Two.flac"]
    assert part.folder.name == "book-2"
    assert part.result.missing == ()
    whole = narrate(job)
    assert [file.path.name for file in whole.result.files] == ["01 One.flac", "02 Two.flac"]
    assert len(spoken(tmp_path / "bundle")) == len(rows(job)) == 7
    with pytest.raises(InputError, match=r"1 to 2"):
        narrate(change(job, chapters="3"))


def test_a_preview_makes_the_beginning_of_each_chapter_in_a_folder_of_its_own(job):
    job.book.write_text(BOOK.replace("It was late.", "It was late. " * 200), encoding="utf-8")
    preview = narrate(change(job, preview=True))
    n_rows = Takes(job.out / "run").n_rows
    assert len(rows(job)) < n_rows / 2
    assert {row["chapter"] for row in rows(job)} == {1, 2}
    assert preview.folder == job.out / "preview"
    assert preview.result.missing == ()


def test_the_details_of_the_book_are_written_once_and_edited_ones_are_delivered(job):
    narrate(job)
    details = job.out / "book.toml"
    assert read_book_file(details).title == "The Lamp"
    details.write_text('title = "Lamps"\nnarrator = "Anna"\nseries = "Lights"\nnumber = 2\n', encoding="utf-8")
    narration = narrate(job)
    tags = {name.lower(): value for name, value in described(narration.result.files[0].path).tags.items()}
    assert (tags["album"], tags["composer"], tags["series"], tags["series-part"]) == ("Lamps", "Anna", "Lights", "2")
    assert tags["synthetic"] == "true"
    assert "Lamps" in details.read_text(encoding="utf-8")


def test_only_changed_chapters_are_mastered_again_and_their_files_are_those_of_a_fresh_start(job, monkeypatch):
    mastered = []
    real = edition_making.master_chapter
    monkeypatch.setattr(edition_making, "master_chapter", lambda *arguments: mastered.append(1) or real(*arguments))
    first = narrate(job)
    assert len(mastered) == 2
    contents = [file.path.read_bytes() for file in first.result.files]
    narrate(job)
    assert len(mastered) == 2
    assert [file.path.read_bytes() for file in first.result.files] == contents
    edit(job, c002_00002="Nobody ever came.")
    narrate(change(job, update=True))
    assert len(mastered) == 3
    after = [file.path.read_bytes() for file in first.result.files]
    assert [old == new for old, new in zip(contents, after, strict=True)] == [True, False]
    shutil.rmtree(job.out / "book")
    narrate(job)
    assert [file.path.read_bytes() for file in first.result.files] == after


def test_a_row_and_a_character_have_their_own_voices_before_the_default_one(job, tmp_path):
    narrate(job)
    prompt_file(tmp_path, gain=0.2, name="bob.wav")
    prompt_file(tmp_path, gain=0.1, name="carl.wav")
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nbob,bob.wav,self\ncarl,carl.wav,self\n")
    (tmp_path / "cast.csv").write_text("character,voice,lines\nthe clock,carl,1\nnobody,,0\n", encoding="utf-8")
    path = job.out / "manifest.parquet"
    table = pq.read_table(path)
    voices = ["bob" if row["id"] == "c001-00002" else None for row in table.to_pylist()]
    characters = ["the clock" if number in (1, 2) else None for number in range(len(table))]
    table = table.set_column(table.schema.get_field_index("voice"), "voice", pa.array(voices, pa.string()))
    pq.write_table(table.append_column("character", pa.array(characters)), path)
    messages = []
    narrate(change(job, update=True), RunListener(on_message=messages.append))
    assert {row["voice"] for row in rows(job)} == {"anna"}
    assert any("ignored" in message and message.endswith(": bob") for message in messages)
    narrate(
        change(job, update=True, voices=change(job.voices, voices=tmp_path / "voices.csv"), cast=tmp_path / "cast.csv")
    )
    assert [row["voice"] for row in rows(job)] == ["anna", "bob", "carl", "anna", "anna", "anna", "anna"]


def test_credits_are_rows_from_the_details_of_the_book_and_a_sample_is_its_beginning(job):
    made = narrate(change(job, credits=True, sample=True))
    assert [(row["id"], row["text"]) for row in rows(job)][:2] == [
        ("opening-00001", "The Lamp."),
        ("opening-00002", "Read by a synthetic voice."),
    ]
    assert rows(job)[-1]["chapter"] == 3
    names = [file.path.name for file in made.result.files]
    assert names == ["01 Opening Credits.flac", "02 One.flac", "03 Two.flac", "04 Closing Credits.flac", "sample.mp3"]
    sample = made.result.files[-1]
    assert [file.is_sample for file in made.result.files] == [False] * 4 + [True]
    assert sample.path.is_file()
    assert 2 < sample.duration_s < 300
    details = job.out / "book.toml"
    details.write_text('title = "The Lamp"\nauthor = "Jane"\nnarrator = "Anna"\n', encoding="utf-8")
    narrate(change(job, credits=True, update=True))
    texts = [row["text"] for row in rows(job)]
    assert texts[:3] == ["The Lamp.", "Written by Jane.", "Narrated by Anna."]
    assert texts[-3:] == ["This was The Lamp.", "Written by Jane.", "Narrated by Anna."]


def test_a_manifest_that_is_divided_at_quotations_is_not_made_whole_again(job):
    job.book.write_text('# One\n\n"Who is there?" asked Anna. "Nobody," said Bob.\n', encoding="utf-8")
    manifest = job.out / "manifest.csv"
    cast_book(CastBook(book=job.book, out=job.out / "cast.csv", manifest=manifest))
    divided = manifest.read_bytes()
    messages = []
    narrate(job, RunListener(on_message=messages.append))
    assert manifest.read_bytes() == divided
    assert any("divided at quotations" in message for message in messages)
    assert "Who is there?" in {row["text"].strip('"') for row in rows(job)}


def test_the_sample_is_no_part_of_the_duration_even_beside_files_of_its_format(tmp_path):
    report = FileReport(path=tmp_path, profile="acx", rows=(), note="")
    files = [("01 One.mp3", "mp3", 60.0, False), ("02 Two.mp3", "mp3", 30.0, False), ("book.m4b", "m4b", 90.0, False)]
    checked = tuple(
        CheckedFile(tmp_path / name, kind, duration_s, 1, report, is_sample)
        for name, kind, duration_s, is_sample in [*files, ("sample.mp3", "mp3", 20.0, True)]
    )
    made = BookResult(files=checked, subtitles=(), missing=())
    assert NarrationResult(tmp_path, None, None, made).duration_s == 90.0
    assert NarrationResult(tmp_path, None, None, None).duration_s == 0.0
