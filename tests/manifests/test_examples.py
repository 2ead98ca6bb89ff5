from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hierbatch.audio.files import describe_sound
from hierbatch.cli.app import app
from hierbatch.frontend.books.reading import read_book
from hierbatch.jobs.books.import_book import ImportBook, import_book
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest
from hierbatch.manifest.tables.store import open_table
from hierbatch.manifest.voices.voice_map import find_entry, read_voice_map
from hierbatch.manifest.voices.voices import check_consent, read_voices
from hierbatch.training.splits import split_of

FOLDER = Path(__file__).parents[2] / "manifests"
PROMPTS = sorted((FOLDER / "voices").glob("*.flac"))
_SHORT = {"LibriSpeech": "libri", "Zeroth-Korean": "zeroth"}
LICENSES = (FOLDER / "LICENSES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["sentences.csv", "book.csv"])
def test_an_example_manifest_passes_the_checks_of_a_run(name):
    table = open_table(FOLDER / name, MANIFEST_COLUMNS)
    assert not table.problems
    voices = {row.voice for row in read_voices(FOLDER / "voices" / "voices.csv")}
    expected = ManifestRequirements(
        languages=("en", "ko"), voices=voices, default_language=None, default_voice="narrator"
    )
    assert check_manifest(table, expected) >= 7


def test_the_example_of_recordings_names_recordings_and_voices_that_are_there():
    table = open_table(FOLDER / "recordings.csv", MANIFEST_COLUMNS)
    voices = {row.voice for row in read_voices(FOLDER / "voices" / "voices.csv")}
    expected = ManifestRequirements(
        languages=None, voices=voices, default_language=None, default_voice=None, one_of=("source",)
    )
    assert check_manifest(table, expected) == 3
    sources = [row["source"]["path"] for batch in table.batches() for row in batch.to_pylist()]
    assert all((FOLDER / source).is_file() for source in sources)


def test_the_example_of_a_voice_map_names_voices_that_are_there():
    voices = [row.voice for row in read_voices(FOLDER / "voices" / "voices.csv")]
    lines = read_voice_map(FOLDER / "voice_map.csv", voices)
    assert find_entry(lines, "interviews/one.mp4", "Ben").voice == "low"
    assert find_entry(lines, "songs/a.flac", "").key_semitones == 0


def test_the_book_manifest_is_a_part_of_what_import_makes_of_the_sample_book(tmp_path):
    imported = import_book(ImportBook(book=FOLDER / "sample_book.md", out=tmp_path / "book.csv"))
    texts = imported.table.column("text").to_pylist()
    example = (
        row for batch in open_table(FOLDER / "book.csv", MANIFEST_COLUMNS).batches() for row in batch.to_pylist()
    )
    assert {row["text"] for row in example} <= set(texts)


def test_the_sample_book_has_an_english_and_a_korean_chapter_and_nothing_is_left_out(tmp_path):
    book = read_book(FOLDER / "sample_book.md")
    assert [chapter.title for chapter in book.chapters] == ["Down the Rabbit-Hole", "동백꽃"]
    assert (book.title, book.skipped) == ("Two Beginnings", ())
    assert book.remarks == ("Emphasis has no effect: 3 passages marked for it are read like the rest",)
    imported = import_book(ImportBook(book=FOLDER / "sample_book.md", out=tmp_path / "book.csv"))
    languages = Counter(
        zip(*(imported.table.column(name).to_pylist() for name in ("chapter", "language")), strict=True)
    )
    assert set(languages) == {(1, "en"), (2, "ko")}


def test_the_sample_book_is_about_five_minutes_long():
    english, korean = read_book(FOLDER / "sample_book.md").chapters
    n_words = sum(len(block.text.split()) for block in english.blocks)
    n_syllables = sum("가" <= letter <= "힣" for block in korean.blocks for letter in block.text)
    # Readers of audiobooks say about 155 words of English, or 330 syllables of Korean, a minute.
    assert 4.5 <= n_words / 155 + n_syllables / 330 <= 6.5


def test_nothing_carries_a_publishers_name_or_license():
    assert "gutenberg" not in (FOLDER / "sample_book.md").read_text(encoding="utf-8").lower()


def test_every_voice_has_its_recording_consent_and_license_and_every_recording_its_voice():
    voices = read_voices(FOLDER / "voices" / "voices.csv")
    check_consent(voices, allow_unknown=False)
    assert sorted(row.path.resolve() for row in voices) == PROMPTS
    assert all(row.license == "CC BY 4.0" and row.consent_ref for row in voices)


@pytest.mark.parametrize("path", PROMPTS, ids=lambda path: path.stem)
def test_a_prompt_is_a_short_listed_recording_of_somebody_held_out(path):
    info = describe_sound(path)
    assert (info.rate_hz, info.n_channels, info.container, info.codec) == (16_000, 1, "FLAC", "PCM_16")
    assert 3 <= info.duration_s <= 12
    (line,) = (line for line in LICENSES.splitlines() if f"`voices/{path.name}`" in line)
    assert f"| {info.duration_s:.1f} s |" in line
    assert "creativecommons.org/licenses/by/4.0" in line
    (voice,) = (row for row in read_voices(FOLDER / "voices" / "voices.csv") if row.voice == path.stem)
    corpus, number = voice.notes.split()[0], voice.notes.split()[-1]
    assert split_of(f"{_SHORT[corpus]}_{number}") != "train"


def test_there_are_few_and_small_recordings():
    assert 1 <= len(PROMPTS) <= 8
    assert sum(path.stat().st_size for path in PROMPTS) < 2_000_000


@pytest.mark.parametrize(
    ("words", "n_rows"),
    [
        ("run sentences.csv --voices voices/voices.csv --default-voice narrator", 7),
        ("convert recordings.csv --voices voices/voices.csv", 3),
        ("upsample recordings.csv --rate-hz 24000", 3),
    ],
)
def test_the_three_tasks_go_through_their_examples_with_the_packaged_models(words, n_rows, tmp_path, monkeypatch):
    monkeypatch.chdir(FOLDER)
    done = CliRunner().invoke(app, [*words.split(), "--out", str(tmp_path / "run"), "--engine", "local"])
    assert done.exit_code == 0, done.output
    assert f"{n_rows} of {n_rows} rows done" in done.output
