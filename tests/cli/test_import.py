"""`hierbatch import` as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.errors import BookError

BOOK = "# One\n\nThe river rose. It fell.\n\n```\nx = 1\n```\n\n# Two\n\nNobody saw it go.\n"


def test_chapters_sizes_and_what_is_skipped_are_reported(tmp_path: Path) -> None:
    book, manifest = tmp_path / "river.md", tmp_path / "river.parquet"
    book.write_text(BOOK, encoding="utf-8")
    result = CliRunner().invoke(app, ["import", str(book), "-o", str(manifest), "--voice", "hill"])
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines == [
        "One",
        "1 2 sentences 27 characters One",
        "2 2 sentences 20 characters Two",
        "Not read aloud:",
        "code: 5 characters (river.md)",
        f"{manifest}: 4 rows",
        f"{tmp_path / 'river.toml'}: title, author and other details, to be edited",
    ]
    assert pq.read_table(manifest)["voice"].to_pylist() == ["hill"] * 4


def test_a_table_of_rows(tmp_path: Path) -> None:
    rows, manifest = tmp_path / "rows.jsonl", tmp_path / "rows.parquet"
    rows.write_text('{"id": "a", "text": "One.", "mine": 3}\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["import", str(rows), "-o", str(manifest)])
    assert result.output == f"{manifest}: 1 rows\n"
    assert pq.read_table(manifest).to_pylist() == [{"id": "a", "text": "One.", "mine": 3}]


def test_a_missing_book_is_one_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["import", str(tmp_path / "gone.epub"), "-o", str(tmp_path / "out.parquet")])
    assert isinstance(result.exception, BookError)  # `main` turns it into a paragraph and exit code 2
