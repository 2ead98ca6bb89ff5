"""Cover image of an EPUB, in a format supported by players."""

from __future__ import annotations

import base64
import binascii

from hierbatch.frontend.books.archive import Archive
from hierbatch.frontend.books.markup import local_name, parse_xml

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_DATA_URLS = ("data:image/jpeg;base64,", "data:image/png;base64,")


def read_cover(archive: Archive, path: str | None) -> bytes | None:
    """Read the JPEG or PNG cover, or the largest picture in an SVG cover; None if there is no such picture."""
    if path is None or path not in archive.names:
        return None
    data = archive.read(path)
    candidates = _embedded_pictures(data, path) if path.lower().endswith(".svg") else [data]
    pictures = [candidate for candidate in candidates if candidate.startswith(_SIGNATURES)]
    return max(pictures, key=len, default=None)


def _embedded_pictures(drawing: bytes, path: str) -> list[bytes]:
    pictures = []
    for element in parse_xml(drawing, path).iter():
        links = (value for value in element.attrib.values()) if local_name(element) == "image" else ()
        for link in links:
            prefix = next((prefix for prefix in _DATA_URLS if link.startswith(prefix)), None)
            if prefix:
                try:
                    pictures.append(base64.b64decode(link[len(prefix) :]))
                except binascii.Error:
                    continue
    return pictures
