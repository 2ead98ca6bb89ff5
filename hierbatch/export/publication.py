"""A clean EPUB 3 made of a book's rows: a page a chapter, its paragraphs, its sentences."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby

from hierbatch.export.overlay import ACTIVE_CLASS, STYLE, Clip, duration_s, on_page, smil_text
from hierbatch.export.tags import BookTags, Cover, synthetic_mark
from hierbatch.export.takes import BookTakes, Take
from hierbatch.export.timeline import ChapterTimeline

_FOLDER = "EPUB/"
_STYLE = "body { line-height: 1.5; margin: 0 5%; }\np { margin: 0 0 0.8em; }\nh1, h2 { line-height: 1.2; }\n" + STYLE
_CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""


@dataclass(frozen=True, slots=True)
class Content:
    """A file inside a publication."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """All files but `mimetype` and the sound, and the folder the sound belongs in."""

    contents: tuple[Content, ...]
    sound_folder: str


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    title: str
    takes: tuple[Take, ...]

    @property
    def name(self) -> str:
        return f"chapter-{self.number:03d}"


def made_publication(
    takes: BookTakes,
    timelines: Sequence[ChapterTimeline],
    clips: Mapping[str, Clip],
    tags: BookTags,
    cover: Cover | None,
    now: datetime,
) -> Publication:
    """Pages, overlays, contents and package document; rows that are not heard stand in the text all the same."""
    pages = list(_pages(takes, timelines))
    contents = [Content("META-INF/container.xml", _CONTAINER.encode())]
    durations: dict[str, float] = {}
    for page in pages:
        contents.append(_file(f"{page.name}.xhtml", _page_text(page, takes, tags)))
        moved = [clips[take.id] for take in page.takes if take.id in clips]
        placed = on_page(moved, {take.id: _element_id(take) for take in page.takes})
        durations[page.name] = duration_s(placed)
        contents.append(_file(f"{page.name}.smil", smil_text(f"{page.name}.xhtml", f"{page.name}.smil", placed)))
    contents.append(_file("style.css", _STYLE))
    contents.append(_file("contents.xhtml", _navigation(pages, tags)))
    if cover is not None:
        contents.append(Content(f"{_FOLDER}cover{cover.suffix}", cover.content))
    contents.append(_file("package.opf", _package(pages, durations, tags, cover, now)))
    return Publication(tuple(contents), _FOLDER)


def _pages(takes: BookTakes, timelines: Sequence[ChapterTimeline]) -> Iterator[_Page]:
    """A page for each file of sound; rows that are not heard stand where the one before them does."""
    place = {placement.take.id: number for number, t in enumerate(timelines) for placement in t.placements}
    rows: dict[int, list[Take]] = {}
    for chapter in takes.chapters:
        heard = [place[take.id] for take in chapter.takes if take.id in place]
        number = heard[0] if heard else None
        for take in chapter.takes:
            number = place.get(take.id, number)
            if number is not None:  # a chapter in which nothing was spoken is not in the book
                rows.setdefault(number, []).append(take)
    for number, timeline in enumerate(timelines):
        yield _Page(timeline.number, timeline.title, tuple(rows[number]))


def _page_text(page: _Page, takes: BookTakes, tags: BookTags) -> str:
    body, n_headings = [], 0
    for (_, kind), group in groupby(page.takes, key=lambda take: (take.source_ref or take.id, take.kind)):
        sentences = " ".join(_sentence(take, takes, tags) for take in group)
        n_headings += kind == "heading"
        name = "p" if kind != "heading" else "h1" if n_headings == 1 else "h2"
        body.append(f"<{name}>{sentences}</{name}>")
    return _xhtml(page.title, tags, "\n".join(body), '<link rel="stylesheet" type="text/css" href="style.css"/>')


def _sentence(take: Take, takes: BookTakes, tags: BookTags) -> str:
    language = f' xml:lang="{take.lang}" lang="{take.lang}"' if take.lang and take.lang != tags.language else ""
    return f'<span id="{_element_id(take)}"{language}>{escape(takes.script(take).text)}</span>'


def _element_id(take: Take) -> str:
    return f"s-{take.id}"  # an id must not begin with a digit


def _navigation(pages: Sequence[_Page], tags: BookTags) -> str:
    lines = "\n".join(f'<li><a href="{page.name}.xhtml">{escape(page.title)}</a></li>' for page in pages)
    return _xhtml(tags.title, tags, f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>\n{lines}\n</ol></nav>')


def _xhtml(title: str, tags: BookTags, body: str, head: str = "") -> str:
    language = tags.language or "en"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'xml:lang="{language}" lang="{language}">\n<head><title>{escape(title)}</title>{head}</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _package(
    pages: Sequence[_Page], durations: Mapping[str, float], tags: BookTags, cover: Cover | None, now: datetime
) -> str:
    items = ['<item id="nav" href="contents.xhtml" media-type="application/xhtml+xml" properties="nav"/>']
    items.append('<item id="style" href="style.css" media-type="text/css"/>')
    if cover is not None:
        kind = "image/jpeg" if cover.suffix == ".jpg" else "image/png"
        items.append(f'<item id="cover" href="cover{cover.suffix}" media-type="{kind}" properties="cover-image"/>')
    metas = []
    for page in pages:
        name = page.name
        items += [
            f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml" media-overlay="{name}-heard"/>',
            f'<item id="{name}-heard" href="{name}.smil" media-type="application/smil+xml"/>',
            f'<item id="{name}-sound" href="{page.number:03d}.m4a" media-type="audio/mp4"/>',
        ]
        metas.append(f'<meta property="media:duration" refines="#{name}-heard">{durations[name]:.3f}s</meta>')
    spine = "".join(f'<itemref idref="{page.name}"/>' for page in pages)
    creator = f"<dc:creator>{escape(tags.author)}</dc:creator>" if tags.author else ""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{tags.language or "en"}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{uuid.uuid4()}</dc:identifier>
<dc:title>{escape(tags.title)}</dc:title>
<dc:language>{tags.language or "en"}</dc:language>
{creator}
<meta property="dcterms:modified">{now:%Y-%m-%dT%H:%M:%SZ}</meta>
{"".join(overlay_metadata(sum(durations.values()), tags))}
{"".join(metas)}
</metadata>
<manifest>
{"".join(items)}
</manifest>
<spine>{spine}</spine>
</package>
"""


def overlay_metadata(total_s: float, tags: BookTags) -> list[str]:
    """What every publication with our overlays says of itself, also that a machine reads it."""
    return [
        f'<meta property="media:duration">{total_s:.3f}s</meta>',
        f'<meta property="media:active-class">{ACTIVE_CLASS}</meta>',
        f'<meta property="media:narrator">{escape(tags.narrator or synthetic_mark())}</meta>',
        '<meta property="schema:accessMode">textual</meta>',
        '<meta property="schema:accessMode">auditory</meta>',
        '<meta property="schema:accessModeSufficient">textual</meta>',
        '<meta property="schema:accessibilityFeature">synchronizedAudioText</meta>',
        '<meta property="schema:accessibilityHazard">none</meta>',
        f'<meta property="schema:accessibilitySummary">{escape(synthetic_mark())}</meta>',
    ]


def _file(name: str, text: str) -> Content:
    return Content(_FOLDER + name, text.encode())
