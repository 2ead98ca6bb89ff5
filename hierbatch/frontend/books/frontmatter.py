"""Front matter of a plain text file: title page and table of contents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hierbatch.frontend.books.characters import has_letters_or_digits, letters_of, tidy
from hierbatch.frontend.books.headings import heading_rank, numeral_value
from hierbatch.frontend.books.layout import Line, Paragraph
from hierbatch.frontend.books.rules import reason_of_title

_LONGEST_TITLE = 80
_MAX_TITLE_LINES = 6
_N_OPENING_GROUPS = 6
_ENDS_A_SENTENCE = re.compile(r"""[.!?…:;,]["'”’»」』)]*$|["'”’]$""")
_OPENS_SPEECH = re.compile(r"""["'“‘「『<〈]""")
_NUMBERED_ENTRY = re.compile(r"(?P<numeral>\d{1,3}|[IVXLC]{1,8})\s*[.):]\s*\S")
_PAGED_ENTRY = re.compile(r".*(?:(?:\.\s?){4,}|\s{3,})\d+$")
_BYLINE = re.compile(r"(?:by|BY|By)\s+(?P<name>\S.*)")
_ENGLISH_NAME = re.compile(r"(?:[A-Z][\w.'’-]*\s+){1,3}[A-Z][\w'’-]+")
_KOREAN_NAME = re.compile(r"[가-힣]{2,4}|(?:[가-힣] ){1,3}[가-힣]")


@dataclass(frozen=True, slots=True)
class TitlePage:
    """Title and author found in the text (empty if absent), and the number of paragraphs on the title page."""

    title: str
    author: str
    n_paragraphs: int


def without_contents(groups: Sequence[Sequence[Line]]) -> tuple[list[Sequence[Line]], list[Sequence[Line]]]:
    """Separate groups of lines; return those of the text, and those of tables of contents."""
    kept: list[Sequence[Line]] = []
    dropped: list[Sequence[Line]] = []
    is_inside = False
    last_groups = {letters_of(line.text): index for index, group in enumerate(groups) for line in group}
    for index, group in enumerate(groups):
        rest = group
        if reason_of_title(group[0].text) == "table of contents":
            is_inside, rest = True, group[1:]
            dropped.append(group[:1])
        if is_inside and rest:
            is_inside = _is_contents(rest, index, last_groups)
        if not rest:
            continue
        is_contents = is_inside or (index < _N_OPENING_GROUPS and _counts_up(rest))
        (dropped if is_contents else kept).append(rest)
    return kept, dropped


def read_title_page(paragraphs: Sequence[Paragraph], *, before_heading: bool) -> TitlePage:
    """Read the title page: short lines at the start of a text that do not end a sentence.

    With `before_heading` (the lines precede the first chapter), all of them form the title page. Otherwise more than
    six such lines are a poem: the title page is the first line, and the second if it is a name before an empty line.
    """
    titles: list[str] = []
    for paragraph in paragraphs:
        if not _is_title_like(paragraph.text):
            break
        titles.append(paragraph.text)
    if len(titles) > _MAX_TITLE_LINES and not before_heading:
        has_author = bool(_name(titles[1])) and paragraphs[2].n_empty_before > 0
        titles = titles[: 2 if has_author else 1]
    names = [name for text in titles[1:] if (name := _name(text))]
    return TitlePage(titles[0] if titles else "", names[0] if names else "", len(titles))


def _is_contents(group: Sequence[Line], index: int, last_groups: Mapping[str, int]) -> bool:
    """True for a group of lines that continues a table of contents.

    Args:
        group: the lines.
        index: position of the group in the text.
        last_groups: position of the last group that contains a line, keyed by the letters of the line.
    """
    texts = [tidy(line.text) for line in group]
    if any(len(text) > _LONGEST_TITLE for text in texts):
        return False
    if len(texts) > 1:
        return all(_is_entry(line) for line in group) or not any(_ENDS_A_SENTENCE.search(text) for text in texts)
    if heading_rank(texts[0]) is None:
        return _is_entry(group[0])
    # A single heading belongs to the table of contents only if it recurs at the start of its chapter.
    return last_groups[letters_of(group[0].text)] > index


def _is_entry(line: Line) -> bool:
    text = line.text.strip()
    if len(text) > _LONGEST_TITLE * 2:
        return False
    is_numbered = bool(_NUMBERED_ENTRY.match(text) or _PAGED_ENTRY.match(text))
    return is_numbered or heading_rank(text) is not None or not has_letters_or_digits(text)


def _counts_up(group: Sequence[Line]) -> bool:
    """True for a group of short lines that are numbered from one and do not end sentences."""
    texts = [line.text.strip() for line in group]
    matches = [_NUMBERED_ENTRY.match(text) for text in texts]
    numbers = [numeral_value(match["numeral"]) if match else None for match in matches]
    is_titles = all(len(text) <= _LONGEST_TITLE and not _ENDS_A_SENTENCE.search(text) for text in texts)
    return len(group) > 1 and is_titles and numbers == list(range(1, len(group) + 1))


def _is_title_like(text: str) -> bool:
    return len(text) <= _LONGEST_TITLE and not _ENDS_A_SENTENCE.search(text) and not _OPENS_SPEECH.match(text)


def _name(text: str) -> str:
    if match := _BYLINE.fullmatch(text):
        return match["name"]
    if _KOREAN_NAME.fullmatch(text):
        return text.replace(" ", "")  # names are often letter-spaced: 현 진 건
    return text if _ENGLISH_NAME.fullmatch(text) else ""
