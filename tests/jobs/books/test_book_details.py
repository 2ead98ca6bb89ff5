"""Details of a book that a file names but that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hierbatch.errors import InputError
from hierbatch.jobs.books.book_details import read_details


@pytest.mark.parametrize("cover", ["/dev/zero", "pipe.png", "none.png", "book.toml", "."])
def test_a_cover_is_a_picture_of_limited_size(tmp_path: Path, cover: str) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "book.toml").write_text(f'title = "A"\ncover = "{cover}"\n')
    with pytest.raises(InputError, match="cover"):
        read_details(tmp_path / "book.toml")
