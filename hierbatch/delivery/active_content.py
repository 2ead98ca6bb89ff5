"""Removal of active content from an untrusted EPUB: only listed elements and attributes are kept.

Scripts, event handlers, plug-ins and everything that a reading system would load from outside the EPUB are removed;
text, pictures, style and hyperlinks are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from hierbatch.delivery.allowed_markup import (
    DROPPED,
    DROPPED_SVG,
    HTML_ATTRIBUTES,
    HTML_ELEMENTS,
    HYPERLINKS,
    KEPT_META,
    OPS_ELEMENTS,
    RESOURCES,
    WITH_FALLBACK,
)

XHTML, SVG, MATHML = "http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"
_OPS, _XLINK = "http://www.idpf.org/2007/ops", "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
_SSML = "http://www.w3.org/2001/10/synthesis"

_NAMESPACES = frozenset({_OPS, _XML, _XLINK, _SSML})
"""Namespaces whose attributes are kept; `xlink:href` is checked, and `xml:base` is removed."""

_MARK = "removed"
"""Temporary name of elements that are marked for removal."""

_CONTROLS = re.compile(r"[\x00-\x20]+")
_SCHEME_OR_HOST = re.compile(r"[a-z][a-z0-9+.-]*:|[/\\]{2}", re.IGNORECASE)
_HYPERLINK_SCHEME = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_DATA = re.compile(r"data:(?:image/(?:png|jpeg|jpg|gif|webp|svg\+xml)|audio/|font/)", re.IGNORECASE)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
_CSS_REMOTE = re.compile(
    r"""(?P<kept>@namespace[^;{}]{0,500};|data:[^\s'"()]*+)|"""
    r"""(?:[a-z][a-z0-9+.-]{0,20}:)?(?:(?<!\*)//|\\\\)[^\s'");]*+|\b(?:javascript|vbscript)\s{0,9}:|"""
    r"""\bexpression\s{0,9}\(|-moz-binding|\bbehavior\s{0,9}:""",
    re.IGNORECASE,
)


def clean_page(root: etree._Element) -> int:
    """Remove active content from a page or drawing, in place, and return the number of removals."""
    n_removed = 0
    for node in list(_outside(root)):
        n_removed += _clean_instruction(node)
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            n_removed += _clean_instruction(element)
            continue
        space, _, name = element.tag.rpartition("}")
        n_removed += _clean_element(element, space.lstrip("{"), name)
    etree.strip_elements(root, _MARK, with_tail=False)  # at once: removing one by one copies the texts between them
    if root.tag == _MARK:
        root.clear()
    return n_removed


def clean_style(text: str) -> tuple[str, int]:
    """Remove remote addresses and scripts from a style sheet; return the style sheet and the number of removals."""
    n_removed = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal n_removed
        if match["kept"]:
            return match["kept"]
        n_removed += 1
        return ""

    unescaped = _CSS_ESCAPE.sub(_unescape, text) if "\\" in text else text
    cleaned = _CSS_REMOTE.sub(replace, unescaped)
    return (cleaned, n_removed) if n_removed else (text, 0)


def is_local(address: str) -> bool:
    """True for an address with neither scheme nor host, which refers to a file in the same publication."""
    return not _SCHEME_OR_HOST.match(_CONTROLS.sub("", address))


def _clean_element(element: etree._Element, space: str, name: str) -> int:
    lower = name.lower()
    if space == SVG:
        if lower in DROPPED_SVG or lower.startswith("animate"):
            return _remove(element)
    elif space == _OPS:
        if lower not in OPS_ELEMENTS:
            return _remove(element)
    elif space != MATHML:
        if lower in DROPPED or (lower == "meta" and _is_pragma(element)):
            return _remove(element)
        if lower not in HTML_ELEMENTS or space not in ("", XHTML):
            element.tag = f"{{{XHTML}}}{'div' if lower in WITH_FALLBACK else 'span'}"
            return 1 + _clean_attributes(element, name="span", is_html=True)
    n_removed = _clean_attributes(element, name=lower, is_html=space in ("", XHTML))
    if lower == "style" and element.text:
        element.text, n_found = clean_style(element.text)
        n_removed += n_found
    return n_removed


def _clean_attributes(element: etree._Element, *, name: str, is_html: bool) -> int:
    n_removed = 0
    for key, value in list(element.attrib.items()):
        space, _, attribute = str(key).rpartition("}")
        if not _is_kept(space.lstrip("{"), attribute.lower(), name, str(value), is_html=is_html):
            del element.attrib[key]
            n_removed += 1
        elif attribute.lower() == "style" or not is_html:
            cleaned, n_found = clean_style(str(value)) if not _is_resource(space, attribute) else (str(value), 0)
            if n_found:
                element.set(key, cleaned)
                n_removed += n_found
    return n_removed


def _is_kept(space: str, attribute: str, name: str, value: str, *, is_html: bool) -> bool:
    if attribute.startswith("on"):
        return False
    if space and (space not in _NAMESPACES or (space == _XML and attribute == "base")):
        return False
    if _is_resource(space, attribute):
        return _is_kept_address(name, attribute, value)
    if attribute in ("cite", "longdesc"):
        return is_local(value) or bool(_HYPERLINK_SCHEME.match(_CONTROLS.sub("", value)))
    return bool(space) or not is_html or attribute in HTML_ATTRIBUTES or attribute.startswith(("aria-", "data-"))


def _is_resource(space: str, attribute: str) -> bool:
    return attribute.lower() in RESOURCES and space.lstrip("{") in ("", _XLINK)


def _is_kept_address(name: str, attribute: str, value: str) -> bool:
    address = _CONTROLS.sub("", value)
    if attribute == "srcset":
        return all(is_local(part) for part in value.split(","))
    if is_local(address):
        return True
    if name in HYPERLINKS:
        return bool(_HYPERLINK_SCHEME.match(address))
    return name not in ("use", "link") and bool(_DATA.match(address))


def _is_pragma(element: etree._Element) -> bool:
    pragma = next((str(value) for key, value in element.attrib.items() if str(key).lower() == "http-equiv"), None)
    return pragma is not None and pragma.strip().lower() not in KEPT_META


def _clean_instruction(node: etree._Element) -> int:
    """Empty a processing instruction that has a remote address; return the number of removals. Comments are kept."""
    if isinstance(node, etree._ProcessingInstruction) and "//" in (node.text or ""):
        node.text = ""
        return 1
    return 0


def _outside(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.itersiblings(preceding=True)
    yield from root.itersiblings()


def _remove(element: etree._Element) -> int:
    """Mark an element for removal, and return 1, the number of removals; the text after the element is kept."""
    element.tag = _MARK
    return 1


def _unescape(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if 0 < number < 0xD800 or 0xE000 <= number <= 0x10FFFF else "\ufffd"
