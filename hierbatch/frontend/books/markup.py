"""Safe parsing of XML and XHTML from a book: no entities, no network, no document types."""

from __future__ import annotations

import html
import re
from html.entities import html5

from lxml import etree

from hierbatch.errors import BookError
from hierbatch.frontend.books.encoding import Decoded, decode

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"

_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*?\?>")
_DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml\b[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DOCTYPE = re.compile(r"""<!DOCTYPE\b(?:[^>"'\[]|"[^"]*"|'[^']*')*(?P<end>[>\[]|$)""", re.IGNORECASE)
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Parse a strict XML file (container, package, NCX); raises BookError if it is unsafe or ill-formed."""
    text = _prepare(_decode(data, name).text, name)
    try:
        return etree.fromstring(text, _xml_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BookError(
            f"{name} is not well-formed XML", expected="an intact EPUB", got=str(error), fix="download the book again"
        ) from error


def parse_page(data: bytes, name: str) -> tuple[etree._Element, Decoded]:
    """Parse one page of a book; also return its decoded text.

    A page that is not well-formed XHTML is parsed leniently, as in a browser: unclosed tags are common in old EPUBs.
    """
    decoded = _decode(data, name)
    return page_from_text(decoded.text, name), decoded


def page_from_text(text: str, name: str) -> etree._Element:
    """Parse one page from its decoded text."""
    text = _prepare(text, name)
    try:
        return etree.fromstring(text, _xml_parser())
    except (etree.XMLSyntaxError, ValueError):
        return _parse_leniently(text, name)


def local_name(element: etree._Element) -> str:
    """Name of an element without its namespace; empty for comments and processing instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _decode(data: bytes, name: str) -> Decoded:
    declared = _DECLARED_ENCODING.match(data)
    return decode(data, name=name, declared=declared.group(1).decode("ascii") if declared else "")


def _prepare(text: str, name: str) -> str:
    """Remove XML declaration and document type, and replace named entities by their characters."""
    text = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1)
    doctype = _DOCTYPE.match(text, _start_of_content(text))
    if doctype:
        if doctype.group("end") != ">":
            raise BookError(
                f"{name} declares its own document type or entities",
                expected="a DOCTYPE without internal subset, or none",
                got="an internal subset, which can be used for attacks",
                fix="obtain the book from another source",
            )
        # Line ends stay, so that the line numbers of the paragraphs remain valid.
        n_lines = doctype.group().count("\n")
        text = text[: doctype.start()] + "\n" * n_lines + text[doctype.end() :]
    return _NAMED_ENTITY.sub(_character, text)


def _start_of_content(text: str) -> int:
    """Position of the document type, or else of the first element: after comments and processing instructions."""
    position = 0
    while True:
        position += len(text[position:]) - len(text[position:].lstrip())
        opening = next((pair for pair in (("<!--", "-->"), ("<?", "?>")) if text.startswith(pair[0], position)), None)
        if opening is None:
            return position
        end = text.find(opening[1], position)
        if end < 0:
            return position
        position = end + len(opening[1])


def _character(entity: re.Match[str]) -> str:
    if entity.group(1) in _XML_ENTITIES:
        return entity.group()
    characters = html5.get(f"{entity.group(1)};")
    return html.escape(characters) if characters else f"&amp;{entity.group(1)};"


def _xml_parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _parse_leniently(text: str, name: str) -> etree._Element:
    parser = etree.HTMLParser(no_network=True, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    # The parser silently drops elements below its depth limit.
    too_deep = any("depth" in entry.message for entry in parser.error_log)
    if root is None or too_deep:
        got = "elements nested more than 255 deep" if too_deep else "no element"
        raise BookError(f"{name} has no readable page", expected="XHTML", got=got, fix="download the book again")
    return root
