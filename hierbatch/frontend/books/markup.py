"""Safe parsing of XML and XHTML in a book: entities may only be single characters, and no other file is read."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Mapping
from html.entities import html5

from lxml import etree

from hierbatch.errors import BookError
from hierbatch.frontend.books.doctype import read_entities
from hierbatch.frontend.books.encoding import Decoded, decode

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"

MAX_PAGE_ELEMENTS = 300_000
"""Maximum number of elements on one page."""

MAX_ATTRIBUTES = 1_000
"""Maximum number of attributes of one element, since parsing them takes time quadratic in their number."""

_DECLARATION = re.compile(r"<\?xml\b[^>]*+>")
_DECLARED_ENCODING = re.compile(rb"""^\s*+<\?xml\b[^>]*?encoding\s{0,9}=\s{0,9}["']([A-Za-z0-9._-]+)["']""")
_MAX_DECLARATION_BYTES = 1_000
_DOCTYPE = re.compile(r"""<!DOCTYPE\b(?:[^>"'\[]++|"[^"]*+"|'[^']*+')*+(?P<end>[>\[]|$)""", re.IGNORECASE)
_SPACE = re.compile(r"\s*+")
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,30});")
_BARE_AMPERSAND = re.compile(r"&(?!(?:[A-Za-z][\w.-]{0,30}|#\d{1,7}|#[xX][\dA-Fa-f]{1,6});)")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_TAG = re.compile(r"""<[A-Za-z](?:=\s*+(?:"[^"]*+"?|'[^']*+'?)|[^>=]++|=)*+""")
_QUOTED_VALUE = re.compile(r"""=\s*+(?:"[^"]*+"?|'[^']*+'?)""")
_NAME_PART = re.compile(r"[A-Za-z_][\w.-]*")


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Parse a strict XML file (container, package, NCX); `name` is used in messages.

    A bare `&`, a common fault in titles, is accepted as an ampersand.

    Raises:
        BookError: the file is unsafe or ill-formed, or cannot be decoded.
    """
    text = _prepare(_decode(data, name).text, name)
    try:
        return etree.fromstring(text, _xml_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        try:
            return etree.fromstring(_BARE_AMPERSAND.sub("&amp;", text), _xml_parser())
        except (etree.XMLSyntaxError, ValueError):
            raise BookError(
                f"{name} is not well-formed XML",
                expected="an intact EPUB",
                got=str(error),
                fix="download the book again",
            ) from error


def parse_page(data: bytes, name: str) -> tuple[etree._Element, Decoded]:
    """Parse one page of a book; also return its decoded text.

    A page that is not well-formed XHTML is parsed leniently, as in a browser: unclosed tags are common in old EPUBs.
    `name` is used in messages.

    Raises:
        BookError: the page is unsafe, too large, or cannot be decoded or parsed.
    """
    decoded = _decode(data, name)
    return page_from_text(decoded.text, name), decoded


def page_from_text(text: str, name: str) -> etree._Element:
    """Parse one page from its decoded text; `name` is used in messages.

    Raises:
        BookError: the page is unsafe or too large, or cannot be parsed.
    """
    text = _prepare(text, name)
    try:
        root = etree.fromstring(text, _xml_parser())
    except (etree.XMLSyntaxError, ValueError):
        _check_tags(text, name)
        root = _parse_leniently(text, name)
    _check_attributes(int(_MOST_ATTRIBUTES(root, limit=MAX_ATTRIBUTES)), name)
    n_elements = count_elements(root)
    if n_elements > MAX_PAGE_ELEMENTS:
        raise BookError(
            f"{name} has too many elements",
            expected=f"at most {MAX_PAGE_ELEMENTS:,} on one page",
            got=f"{n_elements:,}",
            fix="obtain the book from another source",
        )
    return root


def count_elements(root: etree._Element) -> int:
    """Count the elements of a page."""
    return int(_COUNT(root))


def count_characters(root: etree._Element) -> int:
    """Count the characters of a page, without its markup."""
    return int(_LENGTH(root))


def local_name(element: etree._Element) -> str:
    """Name of an element without its namespace or prefix; empty for comments and processing instructions."""
    tag = element.tag
    return _local_part(tag) if isinstance(tag, str) else ""


@functools.lru_cache(maxsize=10_000)
def _local_part(tag: str) -> str:
    # lxml refuses to take apart the names that Word writes into HTML, such as "o:p".
    return tag.rpartition("}")[2].rpartition(":")[2]


def _decode(data: bytes, name: str) -> Decoded:
    declared = _DECLARED_ENCODING.match(data[:_MAX_DECLARATION_BYTES])
    return decode(data, name=name, declared=declared.group(1).decode("ascii") if declared else "")


def _prepare(text: str, name: str) -> str:
    """Remove the XML declaration and document type, and replace named entities with their characters."""
    text = text.lstrip("\ufeff")
    start = _end_of_space(text, 0)
    declaration = _DECLARATION.match(text, start)
    if declaration:
        # Line ends stay, so that the line numbers of the paragraphs remain valid.
        text = text[:start] + text[declaration.end() :]
    entities: dict[str, str] = {}
    doctype = _DOCTYPE.match(text, _start_of_content(text))
    if doctype:
        end = doctype.end()
        if doctype.group("end") != ">":
            entities, end = read_entities(text, end, name)
        n_lines = text.count("\n", doctype.start(), end)
        text = text[: doctype.start()] + "\n" * n_lines + text[end:]
    return _NAMED_ENTITY.sub(functools.partial(_character, entities), text)


def _check_tags(text: str, name: str) -> None:
    """Refuse a tag with too many attributes, on which the lenient parser would take quadratic time."""
    for tag in _TAG.finditer(text):
        if tag.end() - tag.start() > MAX_ATTRIBUTES:
            _check_attributes(len(_QUOTED_VALUE.sub(" ", tag[0]).split()), name)


def _check_attributes(n_attributes: int, name: str) -> None:
    if n_attributes > MAX_ATTRIBUTES:
        raise BookError(
            f"{name} has an element with too many attributes",
            expected=f"at most {MAX_ATTRIBUTES:,}",
            got=f"{n_attributes:,}",
            fix="obtain the book from another source",
        )


def _end_of_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _start_of_content(text: str) -> int:
    """Index of the document type or the first element: after leading space, comments and processing instructions."""
    position = 0
    while True:
        position = _end_of_space(text, position)
        opening = next((pair for pair in (("<!--", "-->"), ("<?", "?>")) if text.startswith(pair[0], position)), None)
        if opening is None:
            return position
        end = text.find(opening[1], position)
        if end < 0:
            return position
        position = end + len(opening[1])


def _character(entities: Mapping[str, str], entity: re.Match[str]) -> str:
    if entity.group(1) in entities:
        return html.escape(entities[entity.group(1)])
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
    _drop_prefixes(root)
    return root


def _drop_prefixes(root: etree._Element) -> None:
    """Rename elements whose names are not valid in XML, so that a page can be written again."""
    for element in root.iter(etree.Element):
        if isinstance(element.tag, str) and ":" in element.tag:
            name = _local_part(element.tag)
            element.tag = name if _NAME_PART.fullmatch(name) else "span"


_COUNT = etree.XPath("count(//*)")
_LENGTH = etree.XPath("string-length(/)")
_MOST_ATTRIBUTES = etree.XPath("count((//*[count(@*) > $limit])[1]/@*)")
