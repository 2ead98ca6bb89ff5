"""A book to manifest rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hierbatch.errors import BookError, InputError
from hierbatch.frontend.sentences import CLAUSE_PAUSE_S
from hierbatch.jobs.books.import_book import BOOK_SCHEMA, ImportBook, import_book
from hierbatch.jobs.import_rows import import_rows
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest
from hierbatch.manifest.tables.store import open_table

BOOK = """# IV

The river rose. It took the bridge away. [pause:2]

[pause:1] Then it stopped, and nobody saw the boats again.

***

강물이 밤새 불었다. The English sentence stays English.

# 제2장 여울 [pause:3]

[pause:0.5] 물이 빠르다고 한다.
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "river.md"
    path.write_text(f"---\ntitle: The River\nlang: en\n---\n{BOOK}", encoding="utf-8")
    return path


def test_rows_in_reading_order(book: Path) -> None:
    imported = import_book(ImportBook(book=book, voice="hill"))
    rows = imported.table.to_pylist()
    assert imported.n_rows == (6, 2)
    assert [
        (row["id"], row["chapter"], row["sentence_index"], row["kind"][0], row["language"], row["text"]) for row in rows
    ] == [
        ("c001-00001", 1, 1, "h", "en", "4"),
        ("c001-00002", 1, 2, "p", "en", "The river rose."),
        ("c001-00003", 1, 3, "p", "en", "It took the bridge away."),
        ("c001-00004", 1, 4, "p", "en", "Then it stopped, and nobody saw the boats again."),
        ("c001-00005", 1, 5, "p", "ko", "강물이 밤새 불었다."),
        ("c001-00006", 1, 6, "p", "en", "The English sentence stays English."),
        ("c002-00001", 2, 1, "h", "ko", "제2장 여울"),
        ("c002-00002", 2, 2, "p", "ko", "물이 빠르다고 한다."),
    ]
    assert {row["book"] for row in rows} == {"The River"}
    assert {row["voice"] for row in rows} == {"hill"}
    assert [row["chapter_title"] for row in rows] == ["IV"] * 6 + ["제2장 여울"] * 2


def test_pauses_come_from_marks_and_scene_breaks_alone(book: Path) -> None:
    pauses = import_book(ImportBook(book=book)).table["pause_after_s"].to_pylist()
    # A mark before a paragraph's first word is a pause after what stands before it.
    assert pauses == [None, None, 1.0, pytest.approx(1.6), None, None, 0.5, None]


def test_sentences_of_a_paragraph_share_their_place_and_others_do_not(book: Path) -> None:
    refs = import_book(ImportBook(book=book)).table["source_ref"].to_pylist()
    assert refs[1] == refs[2]
    assert refs[4] == refs[5]
    assert len(set(refs)) == 6
    lines = book.read_text(encoding="utf-8").splitlines()
    assert lines[int(refs[1].rpartition("#L")[2]) - 1].startswith("The river rose.")


def test_a_language_for_all(book: Path) -> None:
    rows = import_book(ImportBook(book=book, language="ko")).table
    assert set(rows["language"].to_pylist()) == {"ko"}


def test_long_sentences_are_cut_with_a_breath(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("The river rose, and the bridge went, and " * 12 + "it stopped.", encoding="utf-8")
    rows = import_book(ImportBook(book=path, max_characters=120)).table.to_pylist()
    assert len(rows) > 3
    assert all(len(row["text"]) <= 120 for row in rows)
    assert [row["pause_after_s"] for row in rows[:-1]] == [pytest.approx(CLAUSE_PAUSE_S)] * (len(rows) - 1)
    assert rows[-1]["pause_after_s"] is None


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_what_is_written_is_a_manifest(book: Path, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / "new" / f"river{suffix}"
    imported = import_book(ImportBook(book=book, out=output, voice="hill"))
    written = open_table(output, MANIFEST_COLUMNS)
    expected = ManifestRequirements(languages={"en", "ko"}, voices={"hill"}, default_language=None, default_voice=None)
    assert check_manifest(written, expected) == imported.table.num_rows
    assert [row for batch in written.batches() for row in batch.to_pylist()] == imported.table.to_pylist()
    names = {output.name, ".river.import.parquet", "river.toml"}
    assert {path.name for path in output.parent.iterdir()} == names


def test_an_edited_csv_becomes_a_manifest_again(book: Path, tmp_path: Path) -> None:
    edited, output = tmp_path / "edited.csv", tmp_path / "manifest.parquet"
    table = import_book(ImportBook(book=book, out=edited)).table
    edited.write_text(edited.read_text(encoding="utf-8").replace("The river rose.", "It rose."), encoding="utf-8")
    assert import_rows(edited, output) == table.num_rows
    again = pq.read_table(output)
    assert again.schema.equals(BOOK_SCHEMA, check_metadata=True)
    assert again["text"][1].as_py() == "It rose."


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("---\nlang: fr\n---\nLa rivière monte.", "unsupported language"),
        ("Река поднялась ночью.", "text in neither script"),
        ("One. [pause:long] Two.", "bad.md#L1: Invalid pause mark"),
        ("# One [pause:-1]\n\nTwo.", "bad.md#L1: Invalid pause mark"),
    ],
)
def test_books_that_cannot_be_spoken(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "bad.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BookError, match=fault):
        import_book(ImportBook(book=path, out=tmp_path / "out.parquet"))
    assert not (tmp_path / "out.parquet").exists()


def test_a_foreign_tag_can_be_overruled(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("---\nlang: fr\n---\nThe river rose.", encoding="utf-8")
    assert import_book(ImportBook(book=path, language="en")).n_rows == (1,)


def test_options_that_are_wrong(book: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Unknown language"):
        import_book(ImportBook(book=book, language="de"))
    with pytest.raises(InputError, match="format is not supported"):
        import_book(ImportBook(book=book, out=tmp_path / "out.xlsx"))
    with pytest.raises(InputError, match="format is not supported"):
        import_rows(tmp_path / "rows.csv", tmp_path / "out.csv")


KEPT_BOOK = """# One

The river rose.

```
x is one
```

| a | b |
| - | - |
| 1 | 2 |

# Index

boats, 12

# Bibliography

A book of boats.
"""


@pytest.mark.parametrize(
    ("keep", "texts"),
    [
        ("", []),
        ("index", ["Index", "boats, 12"]),
        ("bibliography", ["Bibliography", "A book of boats."]),
        ("code", ["x is one"]),
        (" Index , code", ["x is one", "Index", "boats, 12"]),
    ],
)
def test_parts_that_are_skipped_by_default_can_be_kept(tmp_path: Path, keep: str, texts: list[str]) -> None:
    book = tmp_path / "b.md"
    book.write_text(KEPT_BOOK, encoding="utf-8")
    imported = import_book(ImportBook(book=book, keep=keep))
    assert imported.table["text"].to_pylist() == ["One", "The river rose.", *texts]


def test_an_unknown_part_to_keep_is_named(book: Path) -> None:
    with pytest.raises(InputError, match="appendix"):
        import_book(ImportBook(book=book, keep="index,appendix"))


def test_a_book_that_is_mostly_not_read_is_warned_of(tmp_path: Path) -> None:
    book = tmp_path / "b.md"
    book.write_text("# One\n\nThe river rose.\n\n```\n" + "x = 1\n" * 20 + "```\n", encoding="utf-8")
    assert "code (" in import_book(ImportBook(book=book)).warning
    assert import_book(ImportBook(book=book, keep="code")).warning == ""


def test_a_second_import_keeps_the_corrected_pronunciations(tmp_path: Path) -> None:
    book, manifest = tmp_path / "b.txt", tmp_path / "b.parquet"
    book.write_text(
        'Mr. <phoneme alphabet="ipa" ph="ˈtʃʌmli">Cholmondeley</phoneme> and '
        '<phoneme alphabet="x-sampa" ph="&quot;bi:tS@m">Beauchamp</phoneme> came in.',
        encoding="utf-8",
    )
    import_book(ImportBook(book=book, out=manifest))
    lexicon = tmp_path / "b.lexicon.csv"
    text = lexicon.read_text(encoding="utf-8")
    assert "Beauchamp,ˈbiːtʃəm,ipa,en" in text
    lexicon.write_text(text.replace("ˈtʃʌmli", "tʃʌmˈli") + "Rooksby,ROOKS-bee,respelling,en,\n", encoding="utf-8")
    import_book(ImportBook(book=book, out=manifest))
    kept = lexicon.read_text(encoding="utf-8")
    assert "tʃʌmˈli" in kept
    assert "ˈtʃʌmli" not in kept
    assert "Rooksby" in kept
    assert kept.count("Beauchamp") == 1
