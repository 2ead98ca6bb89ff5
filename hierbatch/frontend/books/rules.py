"""Rules for skipping parts of a page, and the reasons reported to the user.

Types are those of the EPUB 3 Structural Semantics Vocabulary (`epub:type`) and of DPUB-ARIA 1.1 (`role="doc-..."`);
class names and titles are conventions of older books.
"""

from __future__ import annotations

import re

from lxml import etree

from hierbatch.frontend.books.markup import EPUB_TYPE, local_name
from hierbatch.frontend.books.prose_tables import is_prose

NOTE_REFERENCE = "note reference"
NOTE = "note"
PAGE_NUMBER = "page number"

_SILENT_ELEMENTS = {
    **dict.fromkeys(("script", "style", "head", "template"), ""),  # never text: not reported
    **dict.fromkeys(("img", "image", "audio", "video", "source", "track", "picture"), ""),
    **dict.fromkeys(("rt", "rp", "rtc"), "ruby gloss"),
    **dict.fromkeys(("svg", "canvas", "iframe", "object", "embed"), "drawing"),
    **dict.fromkeys(("button", "input", "select", "textarea", "datalist"), "form field"),
    "math": "formula",
    "case": "alternative text",  # in an epub:switch, of which the default is read
    "nav": "table of contents",
}
_REASON_OF_TYPE = {
    **dict.fromkeys(("footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "note"), NOTE),
    **dict.fromkeys(("annotation", "backlink"), NOTE),
    **dict.fromkeys(("pagebreak", "page-list"), PAGE_NUMBER),
    **dict.fromkeys(("toc", "toc-brief", "landmarks", "loi", "lot", "loa", "lov"), "table of contents"),
    "index": "index",
    **dict.fromkeys(("titlepage", "halftitlepage", "cover", "seriespage"), "title page"),
    **dict.fromkeys(("copyright-page", "imprint", "colophon", "credits", "other-credits"), "imprint"),
    **dict.fromkeys(("bibliography", "biblioentry"), "bibliography"),
}
_REASON_OF_CLASS = (
    (re.compile(r"(foot|end|rear)?note-?(ref|anchor|mark|call|link)|fn-?ref|noteanchor", re.I), NOTE_REFERENCE),
    (re.compile(r"(foot|end|rear)notes?(-?(body|text|block))?", re.I), NOTE),
    (re.compile(r"page-?(num|no|number|break)|pagenum(ber)?s?", re.I), PAGE_NUMBER),
    (re.compile(r"pg-?(boilerplate|header|footer)|pgheader|pgfooter", re.I), "license text"),
)
_VERSE = re.compile(r"poem|poetry|verse|stanza|letter", re.I)

_REASON_OF_TITLE = {
    "title page": (
        "cover|cover page|front cover|back cover|title page|titlepage|half title|half title page|"
        "표지|앞표지|뒤표지|속표지|겉표지|표제지|약표제지"
    ),
    "imprint": (
        "copyright|copyright page|copyright notice|copyright information|imprint|colophon|uncopyright|"
        "판권|판권지|판권면|판권장|판권 정보|저작권|저작권 안내|간기|서지정보|서지 정보"
    ),
    "license text": "license|licence|the full project gutenberg license|project gutenberg license",
    "table of contents": (
        "contents|table of contents|the contents|toc|list of illustrations|illustrations|list of figures|"
        "list of tables|list of maps|목차|차례|그림 목차|표 목차"
    ),
    "index": "index|찾아보기|색인",
    "transcriber's note": "transcriber's note|transcriber's notes|transcriber’s note|transcriber’s notes",
    NOTE: "notes|footnotes|endnotes|end notes|각주|미주|후주|주석|주해",
    "bibliography": "bibliography|references|works cited|참고문헌|참고 문헌|참고자료",
}
_REASON_BY_TITLE = {title: reason for reason, titles in _REASON_OF_TITLE.items() for title in titles.split("|")}
_REASON_BY_FILE_NAME = (
    (re.compile(r"(front_?|back_?)?cover(_?page)?|(half_?)?title_?page", re.I), "title page"),
    (re.compile(r"(un)?copyright(_?page)?|colophon|imprint", re.I), "imprint"),
    (re.compile(r"toc|nav|contents|table_?of_?contents", re.I), "table of contents"),
)
_REASON_OF_GUIDE = {
    **dict.fromkeys(("cover", "title-page", "other.halftitlepage"), "title page"),
    **dict.fromkeys(("copyright-page", "colophon"), "imprint"),
    **dict.fromkeys(("toc", "loi", "lot"), "table of contents"),
    "index": "index",
    "notes": NOTE,
    "bibliography": "bibliography",
}
_NOTE_REFERENCE_TYPES = frozenset({"noteref", "annoref"})
_WORD = re.compile(r"\b(?!(?:foot|end)?notes?\b)[^\W\d_]{3,}", re.I)
_QUANTITY = re.compile(r"(\d|\b(?:[kcmd]?m|ft|in|yd|[A-Za-z])|[=+−*/(]\s*[A-Za-z]{1,3})$")
_MAX_PAGE_NUMBER_CHARACTERS = 12
_NOTE_MARK = re.compile(r"[\[(]?(\d{1,3}|[*†‡§¶]{1,3})[\])]?")


def reason_to_skip(element: etree._Element) -> str | None:
    """Reason to skip an element with all its content; empty to skip it without a report, None to read it."""
    name = local_name(element)
    if name in _SILENT_ELEMENTS:
        return _SILENT_ELEMENTS[name]
    if element.get("hidden") is not None or "display:none" in element.get("style", "").replace(" ", ""):
        return "hidden text"
    reason = _reason_of_kind(element)
    # The class "pagebreak" may also be on a whole chapter that begins a new page.
    if reason and not (reason == PAGE_NUMBER and _is_longer(element, _MAX_PAGE_NUMBER_CHARACTERS)):
        return reason
    if name == "pre" and not _VERSE.search(f"{_types(element)} {element.get('class', '')}"):
        return "code"
    if name == "table" and n_columns(element) > 1 and not is_prose(element):
        return "table"
    if name == "figure" and _shows_picture(element):
        return "figure"
    if is_note_reference(element):
        return NOTE_REFERENCE
    return None


def reason_of_title(title: str) -> str | None:
    """Reason to skip a chapter or section with this title; None to read it."""
    return _REASON_BY_TITLE.get(" ".join(title.casefold().strip(" .:[]〈〉<>").split()))


def reason_of_file_name(stem: str) -> str | None:
    """Reason to skip a page with this file name; None to read it."""
    plain = stem.replace("-", "_")
    return next((reason for pattern, reason in _REASON_BY_FILE_NAME if pattern.fullmatch(plain)), None)


def reason_of_guide(kind: str) -> str | None:
    """Reason to skip a page of this EPUB 2 guide type (OPF 2.0.1, section 2.6); None to read it."""
    return _REASON_OF_GUIDE.get(kind)


def note_mark(text: str) -> str:
    """Bare number or symbol of a note mark such as `[3]` or `*`; empty for other text."""
    mark = _NOTE_MARK.fullmatch(text.strip())
    return mark.group(1) if mark else ""


def is_note_reference(element: etree._Element) -> bool:
    """True for an element that is only a reference to a note.

    A reference that is itself a word of the sentence is kept, and so is a superscript number that may be an exponent or
    part of a unit (10³, m²).
    """
    if _NOTE_REFERENCE_TYPES.intersection(_types(element)):
        return not _WORD.search("".join(element.itertext()))
    name = local_name(element)
    if name not in ("a", "sup") or not note_mark("".join(element.itertext())):
        return False
    if name == "sup":
        return any(local_name(inner) == "a" for inner in element) or not _follows_quantity(element)
    is_raised = any(
        local_name(relative) == "sup" for relative in (element.getparent(), *element) if relative is not None
    )
    is_bare = "".join(element.itertext()).strip().isdigit()
    return "#" in element.get("href", "") and (is_raised or not is_bare)


def n_columns(table: etree._Element) -> int:
    """Largest number of cells in a row of a table."""
    rows = (row for row in table.iter() if local_name(row) == "tr")
    return max((sum(local_name(cell) in ("td", "th") for cell in row) for row in rows), default=0)


def _follows_quantity(element: etree._Element) -> bool:
    before = element.getprevious()
    parent = element.getparent()
    text = before.tail if before is not None else parent.text if parent is not None else None
    return bool(_QUANTITY.search(text or ""))


def _reason_of_kind(element: etree._Element) -> str | None:
    for kind in _types(element):
        if kind in _REASON_OF_TYPE:
            return _REASON_OF_TYPE[kind]
    for label in (*element.get("class", "").split(), element.get("id", "")):
        for pattern, reason in _REASON_OF_CLASS:
            if pattern.fullmatch(label):
                return reason
    return None


def _is_longer(element: etree._Element, n_characters: int) -> bool:
    n_found = 0
    for text in element.itertext():
        n_found += len(text.strip())
        if n_found > n_characters:
            return True
    return False


def _types(element: etree._Element) -> list[str]:
    """Values of `epub:type` (a literal attribute name if the page is not well-formed) and DPUB-ARIA roles."""
    types = element.get(EPUB_TYPE) or element.get("epub:type") or ""
    return f"{types} {element.get('role', '').replace('doc-', '')}".casefold().split()


def _shows_picture(figure: etree._Element) -> bool:
    pictures = ("img", "svg", "image", "object", "video", "audio", "table", "pre", "math", "canvas")
    return any(local_name(element) in pictures for element in figure.iter())
