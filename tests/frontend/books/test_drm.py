"""Locks are refused by name; obfuscated fonts are no lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from hierbatch.errors import BookError
from hierbatch.frontend.books.reading import read_book
from tests.frontend.books.shelf import small_epub

IDPF = "http://www.idpf.org/2008/embedding"
ADOBE_FONT = "http://ns.adobe.com/pdf/enc#RC"
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def encryption(algorithm: str, target: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/>'
        f'<enc:CipherData><enc:CipherReference URI="{target}"/></enc:CipherData></enc:EncryptedData></encryption>'
    )


@pytest.mark.parametrize(
    ("member", "scheme"),
    [
        ("/META-INF/rights.xml", "Adobe ADEPT"),
        ("/META-INF/sinf.xml", "Apple FairPlay"),
        ("/META-INF/license.lcpl", "Readium LCP"),
    ],
)
def test_schemes_are_named(tmp_path: Path, member: str, scheme: str) -> None:
    path = small_epub(tmp_path / "a.epub", **{member: "<rights/>", "/META-INF/encryption.xml": encryption(AES, "a")})
    with pytest.raises(BookError, match=scheme):
        read_book(path)


@pytest.mark.parametrize(
    ("algorithm", "target"),
    [(AES, "OEBPS/one.xhtml"), (IDPF, "OEBPS/one.xhtml"), (AES, "OEBPS/fonts/a.otf")],
)
def test_an_encrypted_book_without_a_known_scheme(tmp_path: Path, algorithm: str, target: str) -> None:
    path = small_epub(tmp_path / "a.epub", **{"/META-INF/encryption.xml": encryption(algorithm, target)})
    with pytest.raises(BookError, match=r"digital rights management \(an unnamed scheme\)"):
        read_book(path)


@pytest.mark.parametrize("algorithm", [IDPF, ADOBE_FONT])
def test_obfuscated_fonts_are_fine(tmp_path: Path, algorithm: str) -> None:
    path = small_epub(tmp_path / "a.epub", **{"/META-INF/encryption.xml": encryption(algorithm, "OEBPS/My%20Font.OTF")})
    assert read_book(path).chapters[0].blocks[-1].text == "One sentence."
