"""Books for the tests: made in code, and the shared ones where they are at hand."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

SHARED_TEXTS = Path(os.environ.get("HIERBATCH_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "texts"

shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED_TEXTS.is_dir(), reason=f"no shared texts at {SHARED_TEXTS}"),
]

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>"""

NCX_DOCTYPE = '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">'
XHTML_DOCTYPE = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'


def page(body: str, *, head: str = '<?xml version="1.0" encoding="utf-8"?>', lang: str = "en") -> str:
    """An XHTML page around a body."""
    return (
        f'{head}<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="{lang}">'
        f"<head><title>page</title></head><body>{body}</body></html>"
    )


def package(
    pages: list[str], *, version: str = "3.0", metadata: str = "", manifest: str = "", spine: str = "", guide: str = ""
) -> str:
    """A package document with the pages as items p0, p1, ... in the spine."""
    items = "".join(
        f'<item id="p{index}" href="{href}" media-type="application/xhtml+xml"/>' for index, href in enumerate(pages)
    )
    references = "".join(f'<itemref idref="p{index}"/>' for index in range(len(pages)))
    return (
        f'<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="{version}">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>'
        f"<manifest>{items}{manifest}</manifest><spine {spine}>{references}</spine>{guide}</package>"
    )


def navigation(items: str) -> str:
    """An EPUB 3 navigation document."""
    return page(f'<nav epub:type="toc"><h1>Contents</h1><ol>{items}</ol></nav>')


def write_epub(path: Path, files: Mapping[str, str | bytes], *, mimetype: bool = True) -> Path:
    """A zip archive with the container and the given files below OEBPS/ (or from the root, where they begin with /)."""
    members: dict[str, str | bytes] = {"META-INF/container.xml": CONTAINER}
    members |= {name[1:] if name.startswith("/") else f"OEBPS/{name}": content for name, content in files.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype:
            archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def small_epub(path: Path, **files: str | bytes) -> Path:
    """An EPUB 3 of one page that reads "One sentence."; `files` adds or replaces members."""
    content: dict[str, str | bytes] = {
        "content.opf": package(["one.xhtml"]),
        "one.xhtml": page("<h1>One</h1><p>One sentence.</p>"),
    }
    return write_epub(path, content | files)
