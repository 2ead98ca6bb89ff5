"""Archives that must not be trusted."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from hierbatch.errors import BookError
from hierbatch.frontend.books.archive import Archive, ArchiveLimits, is_inside, resolve


def make(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_reads_what_was_put_in(tmp_path: Path) -> None:
    with Archive(make(tmp_path / "a.epub", {"a/b.txt": b"text", "c": b""})) as archive:
        assert archive.names == {"a/b.txt", "c"}
        assert archive.read("a/b.txt") == b"text"
        with pytest.raises(BookError, match="lacks a file that it refers to"):
            archive.read("missing")


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "a/../../evil.txt", "/etc/passwd", "C:/evil.txt", "a\\..\\evil.txt", "c:evil"],
)
def test_refuses_paths_that_lead_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(BookError, match="has a path outside itself"):
        Archive(make(tmp_path / "a.epub", {name: b"x"}))


def test_backslashes_separate_folders(tmp_path: Path) -> None:
    with Archive(make(tmp_path / "a.epub", {"META-INF\\container.xml": b"x", "a\\b\\c.txt": b"text"})) as archive:
        assert archive.names == {"META-INF/container.xml", "a/b/c.txt"}
        assert archive.read("a/b/c.txt") == b"text"


def test_refuses_links(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(BookError, match="has a path outside itself"):
        Archive(tmp_path / "a.epub")


def test_refuses_a_bomb_by_its_ratio(tmp_path: Path) -> None:
    path = make(tmp_path / "bomb.epub", {"one.xhtml": b"\0" * 30_000_000})
    assert path.stat().st_size < 100_000
    with pytest.raises(BookError, match="suspicious compression ratio"):
        Archive(path)


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        (ArchiveLimits(max_members=2), "too many files"),
        (ArchiveLimits(max_member_bytes=999), "too large when unpacked: one"),
        (ArchiveLimits(max_total_bytes=2500), "too large when unpacked: the whole archive"),
    ],
)
def test_caps(tmp_path: Path, limits: ArchiveLimits, fault: str) -> None:
    path = make(tmp_path / "a.epub", {"one": b"a" * 1000, "two": b"b" * 1000, "three": b"c" * 1000})
    with Archive(path):  # within the usual limits
        pass
    with pytest.raises(BookError, match=fault):
        Archive(path, limits)


def test_a_zip_directory_with_wrong_sizes_yields_no_more_than_it_declares(tmp_path: Path) -> None:
    path = make(tmp_path / "a.epub", {"one": b"a" * 50_000})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 10)  # uncompressed size in the central directory
    path.write_bytes(data)
    with Archive(path) as archive, pytest.raises(BookError, match="is damaged at one"):
        archive.read("one")


def test_refuses_a_password(tmp_path: Path) -> None:
    path = make(tmp_path / "a.epub", {"one": b"a" * 100})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(BookError, match="encrypted with a password"):
        Archive(path)


def test_a_damaged_member_is_reported(tmp_path: Path) -> None:
    path = make(tmp_path / "a.epub", {"one": bytes(range(256)) * 40})
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    with Archive(path) as archive, pytest.raises(BookError, match="is damaged at one"):
        archive.read("one")


def test_a_file_that_is_not_a_zip_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.epub").write_bytes(b"no zip at all")
    with pytest.raises(BookError, match="is not a readable EPUB"):
        Archive(tmp_path / "a.epub")


@pytest.mark.parametrize(
    ("base", "href", "expected"),
    [
        ("OEBPS/content.opf", "text/one.xhtml", "OEBPS/text/one.xhtml"),
        ("OEBPS/text/one.xhtml", "../images/a.png", "OEBPS/images/a.png"),
        ("one.xhtml", "", "one.xhtml"),
        ("OEBPS/one.xhtml", "../../etc/passwd", None),
        ("one.xhtml", "/etc/passwd", None),
        ("one.xhtml", "..", None),
    ],
)
def test_resolve(base: str, href: str, expected: str | None) -> None:
    assert resolve(base, href) == expected


def test_is_inside() -> None:
    assert is_inside("a/b..c/d")
    assert not is_inside("")
