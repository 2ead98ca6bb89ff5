"""Edits of a manifest, as spreadsheets save them, survive a new import of the book, or are refused as they are."""

import csv

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import InputError, ManifestError
from hierbatch.jobs.books.import_book import ImportBook, import_book

BOOK = "# One\n\nThe lamp was lit. Nobody saw the cat.\n\nIt was late.\n"


@pytest.fixture
def project(tmp_path):
    """A book that was imported and has changed since."""
    book = tmp_path / "lamp.md"
    book.write_text(BOOK, encoding="utf-8")
    imported = ImportBook(book=book, out=tmp_path / "out" / "manifest.csv")
    import_book(imported)
    book.write_text(BOOK.replace("# One\n", "# One\n\nA new paragraph.\n"), encoding="utf-8")
    return imported


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def save(path, rows, *, encoding="utf-8", delimiter=",", end="\n"):
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator=end)
        writer.writeheader()
        writer.writerows(rows)


def edited(project, number=1, text="The lamp; was, “burning”."):
    rows = read(project.out)
    rows[number]["text"] = text
    return rows


@pytest.mark.parametrize(
    "style", [{"encoding": "utf-8-sig", "end": "\r\n"}, {"delimiter": ";", "end": "\r\n"}, {"delimiter": "\t"}]
)
def test_an_edit_survives_in_the_styles_of_spreadsheets(project, style):
    rows = edited(project)
    wanted = rows[1]["id"]
    save(project.out, rows, **style)
    import_book(project)
    found = {row["id"]: row["text"] for row in read(project.out)}
    assert found[wanted] == "The lamp; was, “burning”."
    assert "A new paragraph." in found.values()


def test_a_copied_row_is_refused_with_its_id_and_kept_without_one(project):
    rows = edited(project)
    copy = {**rows[1], "text": "A copy."}
    save(project.out, [*rows[:2], copy, *rows[2:]])
    before = project.out.read_bytes()
    with pytest.raises(ManifestError, match="same id"):
        import_book(project)
    assert project.out.read_bytes() == before
    save(project.out, [*rows[:2], {**copy, "id": ""}, *rows[2:]])
    import_book(project)
    texts = [row["text"] for row in read(project.out)]
    assert {"A copy.", "The lamp; was, “burning”."} <= set(texts)
    assert len({row["id"] for row in read(project.out)}) == len(texts)


@pytest.mark.parametrize(
    "content", [b"", b"nonsense\n", "id,text\nr1,나비\n".encode("cp949"), "id,text\nr1,a\n".encode("utf-16")]
)
def test_what_cannot_be_read_as_a_manifest_is_left_as_it_is(project, content):
    project.out.write_bytes(content)
    with pytest.raises((ManifestError, InputError)):
        import_book(project)
    assert project.out.read_bytes() == content


@pytest.mark.parametrize(
    "table", [{"a": [1]}, {"id": ["a"], "text": ["x"]}, None], ids=["columns", "metadata", "bytes"]
)
def test_a_damaged_record_of_the_import_is_named_and_the_manifest_stays(project, table):
    base = project.out.with_name(".manifest.import.parquet")
    assert base.exists()
    if table is None:
        base.write_bytes(b"nothing")
    else:
        metadata = {name: b"[1" for name in pq.read_schema(base).metadata}
        pq.write_table(pa.table(table).replace_schema_metadata(metadata), base)
    before = project.out.read_bytes()
    with pytest.raises(ManifestError, match="delete it"):
        import_book(project)
    assert project.out.read_bytes() == before
