"""All pages of a book as one sequence of blocks in reading order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hierbatch.frontend.books.book import Block, SkippedText
from hierbatch.frontend.books.gutenberg import body_span
from hierbatch.frontend.books.page import Page
from hierbatch.frontend.books.ssml import Pronunciation

_ENDS_A_SENTENCE = re.compile(r"""[.!?…。:;—–]["'”’»」』)\]]*$""")
_KOREAN_ENDING = re.compile(r"[다요죠까네오라자][\W_]*$")
_HYPHENATED = re.compile(r"[a-z]-$")
_MIN_KOREAN_CHARACTERS = 20


@dataclass(frozen=True, slots=True)
class FlowPage:
    """Page of a book; `title` comes from the head of the page or from a paragraph styled as a title."""

    href: str
    title: str
    page: Page


@dataclass(frozen=True, slots=True)
class PageStart:
    """Path and title of a page, and the index of its first block."""

    href: str
    title: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Blocks of all pages in reading order; `positions` maps (page, fragment) to the index of the first block there."""

    blocks: tuple[Block, ...]
    positions: Mapping[tuple[str, str], int]
    page_starts: tuple[PageStart, ...]
    skipped: tuple[SkippedText, ...]
    pronunciations: tuple[Pronunciation, ...]
    n_emphases: int


def join_pages(pages: Sequence[FlowPage]) -> Flow:
    """Join the pages of a book; a paragraph that continues on the next page becomes one block."""
    blocks: list[Block] = []
    positions: dict[tuple[str, str], int] = {}
    starts: list[PageStart] = []
    skipped: list[SkippedText] = []
    for flow_page in pages:
        href, page = flow_page.href, flow_page.page
        first = len(blocks)
        own = list(page.blocks)
        if blocks and own and _continues(blocks[-1], own[0]):
            blocks[-1] = _joined(blocks[-1], own.pop(0))
            first -= 1
        starts.append(PageStart(href, flow_page.title, first))
        positions[href, ""] = first
        positions.update({(href, fragment): first + index for fragment, index in page.anchors.items()})
        blocks.extend(own)
        skipped.extend(SkippedText(href, reason, n_characters) for reason, n_characters in page.skipped.items())
    return Flow(
        blocks=tuple(blocks),
        positions=positions,
        page_starts=tuple(starts),
        skipped=tuple(skipped),
        pronunciations=tuple(found for page in pages for found in page.page.pronunciations),
        n_emphases=sum(page.page.n_emphases for page in pages),
    )


def without_license(flow: Flow) -> Flow:
    """Remove the license before and after a Project Gutenberg book."""
    begin, end = body_span([block.text for block in flow.blocks])
    outside = flow.blocks[:begin] + flow.blocks[end:]
    if not outside:
        return flow
    license = SkippedText("before and after the book", "license text", sum(len(block.text) for block in outside))
    n_kept = end - begin

    def moved(index: int) -> int:
        return min(max(index - begin, 0), n_kept)

    return replace(
        flow,
        blocks=flow.blocks[begin:end],
        positions={anchor: moved(index) for anchor, index in flow.positions.items()},
        page_starts=tuple(replace(start, index=moved(start.index)) for start in flow.page_starts),
        skipped=(*flow.skipped, license),
    )


def _continues(last: Block, first: Block) -> bool:
    """True if the first paragraph of a page continues the last sentence of the page before."""
    if "heading" in (last.kind, first.kind) or last.pause_after_s is not None or _ENDS_A_SENTENCE.search(last.text):
        return False
    if "가" <= first.text[0] <= "힣":
        is_long = len(last.text) >= _MIN_KOREAN_CHARACTERS
        return is_long and "가" <= last.text[-1] <= "힣" and not _KOREAN_ENDING.search(last.text)
    return first.text[0].islower()


def _joined(last: Block, first: Block) -> Block:
    is_cut_word = bool(_HYPHENATED.search(last.text))
    text = last.text[:-1] + first.text if is_cut_word else f"{last.text} {first.text}"
    return replace(last, text=text, pause_after_s=first.pause_after_s)
