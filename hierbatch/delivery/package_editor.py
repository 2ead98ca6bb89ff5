"""Editor of an EPUB's package document for the read-along version of a book."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath
from posixpath import normpath, relpath
from urllib.parse import quote, unquote

from lxml import etree

from hierbatch.delivery.active_content import is_local
from hierbatch.delivery.publication import overlay_metadata
from hierbatch.delivery.tags import BookTags
from hierbatch.frontend.books.markup import local_name

_OPF = "http://www.idpf.org/2007/opf"
_DC = "http://purl.org/dc/elements/1.1/"
_SMIL_TYPE = "application/smil+xml"
ADDED = "hierbatch"
"""Folder of the added files, next to the package document; also the prefix of added ids."""
_ACTIVE_TYPE = re.compile(
    r"(?:text|application)/(?:x-)?(?:javascript|ecmascript|jscript|vbscript|wasm|shockwave-flash|java-)", re.IGNORECASE
)
_ACTIVE_PROPERTIES = frozenset({"scripted", "remote-resources"})


class PackageEditor:
    """Editor of a package document, which adds entries for new files and media overlays."""

    def __init__(self, package: etree._Element, folder: PurePosixPath) -> None:
        self._package, self._folder = package, folder
        children = {local_name(child): child for child in package}
        self._manifest = children["manifest"]
        metadata = children.get("metadata")
        if metadata is None:
            metadata = etree.Element(f"{{{_OPF}}}metadata")
            package.insert(0, metadata)
        self._metadata = metadata
        self.total_s = 0.0

    def drop_overlays(self) -> list[str]:
        """Remove existing overlays, and return the names of their files."""
        dropped = []
        for item in list(self._manifest):
            item.attrib.pop("media-overlay", None)
            if item.get("media-type") == _SMIL_TYPE:
                dropped.append(self._name(item))
                self._manifest.remove(item)
        for meta in list(self._metadata):
            if (meta.get("property") or "").startswith("media:"):
                self._metadata.remove(meta)
        return dropped

    def media_types(self) -> dict[str, str]:
        """Media type of each file in the manifest, by path."""
        items = (item for item in self._manifest if local_name(item) == "item")
        return {self._name(item): (item.get("media-type") or "").lower() for item in items}

    def drop_active_files(self) -> list[str]:
        """Remove the entries of scripts, remote items and other active content; return the names of their files."""
        dropped, ids = [], set()
        for item in list(self._manifest):
            if not isinstance(item.tag, str):
                continue
            if _ACTIVE_TYPE.match(item.get("media-type") or "") or not is_local(item.get("href") or ""):
                dropped.append(self._name(item))
                ids.add(item.get("id"))
                self._manifest.remove(item)
            elif item.get("properties"):
                kept = [name for name in item.get("properties", "").split() if name not in _ACTIVE_PROPERTIES]
                item.set("properties", " ".join(kept)) if kept else item.attrib.pop("properties")
        for element in list(self._package.iter("{*}item", "{*}itemref", "{*}link", "{*}bindings")):
            name, parent = local_name(element), element.getparent()
            if element.get("fallback") in ids:
                del element.attrib["fallback"]
            is_gone = name == "itemref" and element.get("idref") in ids
            if parent is not None and (is_gone or name == "bindings" or not is_local(element.get("href") or "")):
                parent.remove(element)
        return dropped

    def add_overlay(self, page: str, smil: str, number: int, length_s: float) -> None:
        """Attach an overlay to a page.

        Args:
            page: path of the page inside the publication.
            smil: path of the overlay inside the publication.
            number: number of the overlay, unique in the book.
            length_s: playback time of the overlay in seconds.
        """
        name = f"{ADDED}-smil-{number:03d}"
        for item in self._manifest:
            if local_name(item) == "item" and self._name(item) == page:
                item.set("media-overlay", name)
        self._item(name, smil, _SMIL_TYPE)
        self._meta("media:duration", f"{length_s:.3f}s", refines=f"#{name}")
        self.total_s += length_s

    def finish(self, sounds: Sequence[str], folder: PurePosixPath, tags: BookTags, now: datetime) -> None:
        """Add entries for the audio files and the style sheet, and the publication metadata.

        Args:
            sounds: file names of the chapters' audio.
            folder: folder of the added files.
            tags: narrator and language for the metadata.
            now: time of modification, in UTC.
        """
        for sound in sounds:
            self._item(f"{ADDED}-sound-{sound[:-4]}", str(folder / sound), "audio/mp4")
        self._item(f"{ADDED}-style", str(folder / "spoken.css"), "text/css")
        whole = [meta for meta in self._metadata if not meta.get("refines")]
        known = {(meta.get("property"), (meta.text or "").strip()) for meta in whole}
        single = {meta.get("property") for meta in whole}
        self._complete(tags)
        for text in overlay_metadata(self.total_s, tags):
            meta = etree.fromstring(text)
            name, value = meta.get("property"), meta.text
            is_present = name in single if name.startswith("schema:accessibility") and "Feature" not in name else False
            if (name, value) not in known and not is_present:
                self._meta(name, value)
        for meta in list(self._metadata):
            if meta.get("property") == "dcterms:modified" and not meta.get("refines"):
                self._metadata.remove(meta)
        self._meta("dcterms:modified", f"{now:%Y-%m-%dT%H:%M:%SZ}")

    def _complete(self, tags: BookTags) -> None:
        """Add the required title, language and identifier where the source lacks them."""
        present = {local_name(child) for child in self._metadata}
        for name, value in (("title", tags.title), ("language", tags.language), ("identifier", f"urn:{ADDED}")):
            if name not in present and value:
                etree.SubElement(self._metadata, f"{{{_DC}}}{name}").text = value

    def _item(self, name: str, path: str, media_type: str) -> None:
        attributes = {"id": name, "href": quote(relpath(path, str(self._folder))), "media-type": media_type}
        etree.SubElement(self._manifest, f"{{{_OPF}}}item", attrib=attributes)

    def _meta(self, name: str, value: str, **attributes: str) -> None:
        etree.SubElement(self._metadata, f"{{{_OPF}}}meta", property=name, **attributes).text = value

    def _name(self, item: etree._Element) -> str:
        return normpath(str(self._folder / unquote(item.get("href", ""))))
