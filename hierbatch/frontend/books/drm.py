"""Detection of digital rights management in an EPUB; obfuscated fonts alone are accepted.

EPUB Open Container Format 3.3, sections 4.2.6.3 (encryption.xml), 4.2.6.3.2 (rights.xml) and 4.3 (font obfuscation).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote

from lxml import etree

from hierbatch.errors import BookError
from hierbatch.frontend.books.archive import Archive
from hierbatch.frontend.books.markup import local_name, parse_xml

_SCHEME_OF_MEMBER = {
    "META-INF/license.lcpl": "Readium LCP",
    "META-INF/sinf.xml": "Apple FairPlay",
    "META-INF/rights.xml": "Adobe ADEPT",
}
_FONT_OBFUSCATION = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
_FONT_SUFFIXES = frozenset({".otf", ".ttf", ".ttc", ".woff", ".woff2", ".dfont", ".eot"})


def refuse_drm(archive: Archive, name: str) -> None:
    """Check that a book has no DRM; `name` is used in messages.

    Raises:
        BookError: the book is protected; the message names the DRM scheme if it is known.
    """
    schemes = [scheme for member, scheme in _SCHEME_OF_MEMBER.items() if member in archive.names]
    if schemes:
        raise _locked(name, schemes[0], "a license file in META-INF")
    if "META-INF/encryption.xml" not in archive.names:
        return
    root = parse_xml(archive.read("META-INF/encryption.xml"), "META-INF/encryption.xml")
    for entry in root.iter():
        if local_name(entry) == "EncryptedData":
            algorithm, target = _algorithm_and_target(entry)
            if algorithm not in _FONT_OBFUSCATION or PurePosixPath(target).suffix.lower() not in _FONT_SUFFIXES:
                raise _locked(name, "an unnamed scheme", f"{target} is encrypted ({algorithm})")


def _algorithm_and_target(entry: etree._Element) -> tuple[str, str]:
    algorithm = target = "unknown"
    for element in entry.iter():
        # KeyInfo may contain an encrypted key with a method of its own: the first method is that of the data.
        if local_name(element) == "EncryptionMethod" and algorithm == "unknown":
            algorithm = element.get("Algorithm", "unknown")
        elif local_name(element) == "CipherReference":
            target = unquote(element.get("URI", "unknown"))
    return algorithm, target


def _locked(name: str, scheme: str, evidence: str) -> BookError:
    return BookError(
        f"{name} is protected by digital rights management ({scheme})",
        expected="an EPUB without DRM (obfuscated fonts are fine)",
        got=evidence,
        fix="use an edition without DRM",
    )
