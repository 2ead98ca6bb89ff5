"""EPUB 3 built from the rows of a book: one page per chapter, with its paragraphs and sentences."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby

from hierbatch.delivery.overlay import ACTIVE_CLASS, STYLE, OverlayClip, overlay_duration_s, pair_elements, smil_text
from hierbatch.delivery.tags import BookTags, Cover, synthetic_notice
from hierbatch.delivery.takes import BookTake, BookTakes
from hierbatch.delivery.timeline import ChapterTimeline

_FOLDER = "EPUB/"
_STYLE = "body { line-height: 1.5; margin: 0 5%; }\np { margin: 0 0 0.8em; }\nh1, h2 { line-height: 1.2; }\n" + STYLE
_CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""


@dataclass(frozen=True, slots=True)
class PublicationFile:
    """File inside a publication; `name` is the path in the publication."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """All files of a publication except `mimetype` and the audio, and the folder to put the audio into."""

    files: tuple[PublicationFile, ...]
    sound_folder: str


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    title: str
    takes: tuple[BookTake, ...]

    @property
    def name(self) -> str:
        return f"chapter-{self.number:03d}"


def build_publication(
    takes: BookTakes,
    timelines: Sequence[ChapterTimeline],
    clips: Mapping[str, OverlayClip],
    tags: BookTags,
    cover: Cover | None,
    now: datetime,
) -> Publication:
    """Build pages, overlays, navigation and package document; rows without audio are part of the text.

    Args:
        takes: the book's rows.
        timelines: chapters with audio, one page each.
        clips: time spans of the synthesized rows, by row id.
        tags: title, author, narrator and language.
        cover: picture of the front cover, if any.
        now: time of modification, in UTC.
    """
    pages = list(_pages(takes, timelines))
    files = [PublicationFile("META-INF/container.xml", _CONTAINER.encode())]
    durations: dict[str, float] = {}
    for page in pages:
        files.append(_file(f"{page.name}.xhtml", _page_text(page, takes, tags)))
        page_clips = [clips[take.id] for take in page.takes if take.id in clips]
        placed = pair_elements(page_clips, {take.id: _element_id(take) for take in page.takes})
        durations[page.name] = overlay_duration_s(placed)
        files.append(_file(f"{page.name}.smil", smil_text(f"{page.name}.xhtml", f"{page.name}.smil", placed)))
    files.append(_file("style.css", _STYLE))
    files.append(_file("contents.xhtml", _navigation(pages, tags)))
    if cover is not None:
        files.append(PublicationFile(f"{_FOLDER}cover{cover.suffix}", cover.content))
    files.append(_file("package.opf", _package(pages, durations, tags, cover, now)))
    return Publication(tuple(files), _FOLDER)


def _pages(takes: BookTakes, timelines: Sequence[ChapterTimeline]) -> Iterator[_Page]:
    """Yield the pages, one per audio file; rows without audio are on the page of the row before them."""
    page_index = {placement.take.id: number for number, t in enumerate(timelines) for placement in t.placements}
    rows: dict[int, list[BookTake]] = {}
    for chapter in takes.chapters:
        with_audio = [page_index[take.id] for take in chapter.takes if take.id in page_index]
        number = with_audio[0] if with_audio else None
        for take in chapter.takes:
            number = page_index.get(take.id, number)
            if number is not None:  # a chapter without any audio is left out
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


def _sentence(take: BookTake, takes: BookTakes, tags: BookTags) -> str:
    language = (
        f' xml:lang="{take.language}" lang="{take.language}"'
        if take.language and take.language != tags.language
        else ""
    )
    return f'<span id="{_element_id(take)}"{language}>{escape(takes.transcript(take).text)}</span>'


def _element_id(take: BookTake) -> str:
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
            f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml" media-overlay="{name}-smil"/>',
            f'<item id="{name}-smil" href="{name}.smil" media-type="application/smil+xml"/>',
            f'<item id="{name}-sound" href="{page.number:03d}.m4a" media-type="audio/mp4"/>',
        ]
        metas.append(f'<meta property="media:duration" refines="#{name}-smil">{durations[name]:.3f}s</meta>')
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
    """Metadata elements for every publication with media overlays, including the synthetic-speech notice."""
    return [
        f'<meta property="media:duration">{total_s:.3f}s</meta>',
        f'<meta property="media:active-class">{ACTIVE_CLASS}</meta>',
        f'<meta property="media:narrator">{escape(tags.narrator or synthetic_notice())}</meta>',
        '<meta property="schema:accessMode">textual</meta>',
        '<meta property="schema:accessMode">auditory</meta>',
        '<meta property="schema:accessModeSufficient">textual</meta>',
        '<meta property="schema:accessibilityFeature">synchronizedAudioText</meta>',
        '<meta property="schema:accessibilityHazard">none</meta>',
        f'<meta property="schema:accessibilitySummary">{escape(synthetic_notice())}</meta>',
    ]


def _file(name: str, text: str) -> PublicationFile:
    return PublicationFile(_FOLDER + name, text.encode())
