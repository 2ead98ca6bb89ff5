"""Paragraphs of a plain text file: hard-wrapped lines are joined, one-line paragraphs are kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.frontend.books.characters import join_heading, tidy

_NARROWEST_COLUMN, _WIDEST_COLUMN = 45, 100
_NEAR_FULL = 0.75
_WRAPPED_SHARE = 0.6
_EMPHASIS = re.compile(r"(?<![\w_=])([_=])(?=\S)([^_=\n]+?)(?<=\S)\1(?![\w_=])")
_ILLUSTRATION = re.compile(r"\[Illustration[^\]]{0,2000}\]", re.I)
_COMPOUND = re.compile(r"(?<![^\W\d_])[^\W\d_]+-[^\W\d_]+")
_CUT_WORD = re.compile(r"(?<![^\W_])(?<!-)([^\W\d_]{2,})-\n([a-zà-ÿ]{2,})")


@dataclass(frozen=True, slots=True)
class Line:
    """Non-empty line, its number in the file (from 1), and the number of empty lines before it."""

    number: int
    text: str
    n_empty_before: int

    @property
    def is_indented(self) -> bool:
        """True if the line begins with at least two spaces."""
        return self.text[:2].isspace()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Cleaned text of a paragraph, its first line's number, the number of empty lines before it, and its rank.

    The rank is that of a heading, 0 for other paragraphs.
    """

    text: str
    line_number: int
    n_empty_before: int
    rank: int = 0


def split_lines(text: str) -> list[str]:
    """Split a text into lines; a form feed (page break) also ends a line."""
    return re.split(r"\r\n|[\n\r\f\v\x85\u2028\u2029]", text)


def number_lines(raw_lines: Sequence[str], first_number: int = 1) -> list[Line]:
    """Number the lines and drop the empty ones."""
    lines: list[Line] = []
    n_empty = 0
    for number, raw in enumerate(raw_lines, start=first_number):
        if raw.strip():
            lines.append(Line(number, raw.expandtabs(8).rstrip(), n_empty))
            n_empty = 0
        else:
            n_empty += 1
    return lines


def split_groups(lines: Sequence[Line]) -> list[list[Line]]:
    """Group lines into runs without an empty line between them."""
    groups: list[list[Line]] = []
    for line in lines:
        if line.n_empty_before or not groups:
            groups.append([])
        groups[-1].append(line)
    return groups


def is_hard_wrapped(groups: Sequence[Sequence[Line]]) -> bool:
    """True for hard-wrapped text: most lines that are not the last of a group have nearly the same width."""
    widths = sorted(_width(line.text) for group in groups for line in group[:-1])
    if not widths:
        return False
    column = widths[int(0.95 * (len(widths) - 1))]
    if not _NARROWEST_COLUMN <= column <= _WIDEST_COLUMN:
        return False
    return sum(_NEAR_FULL * column <= width <= column + 8 for width in widths) >= _WRAPPED_SHARE * len(widths)


def hyphenated_words(lines: Sequence[str]) -> frozenset[str]:
    """Words that have a hyphen inside a line: compounds, which keep the hyphen at the end of a line too."""
    return frozenset(word.casefold() for line in lines if "-" in line for word in _COMPOUND.findall(line))


def join_paragraphs(
    group: Sequence[Line], *, wrapped: bool, compounds: frozenset[str] = frozenset()
) -> list[Paragraph]:
    """Paragraphs of one group of lines.

    In hard-wrapped text, a paragraph extends to the next indented line, or to the end of the group if most of its lines
    are indented; in other text, each line is a paragraph.

    Args:
        group: lines without an empty line between them.
        wrapped: True if the text is hard-wrapped.
        compounds: words that keep their hyphen when it is at the end of a line.
    """
    runs: list[list[Line]] = []
    few_indented = 2 * sum(line.is_indented for line in group) < len(group)
    for line in group:
        if not runs or not wrapped or (few_indented and line.is_indented):
            runs.append([])
        runs[-1].append(line)
    found = (_join(run, compounds) for run in runs)
    return [paragraph for paragraph in found if paragraph.text]


def heading_paragraph(lines: Sequence[Line], rank: int) -> Paragraph:
    """Make a heading paragraph from one or more lines."""
    text = join_heading([_strip_typewriter_marks(line.text) for line in lines])
    return Paragraph(text, lines[0].number, lines[0].n_empty_before, rank)


def _join(run: Sequence[Line], compounds: frozenset[str]) -> Paragraph:
    def rejoin(match: re.Match[str]) -> str:
        is_compound = f"{match[1]}-{match[2]}".casefold() in compounds
        return f"{match[1]}-{match[2]}" if is_compound else match[1] + match[2]

    joined = _CUT_WORD.sub(rejoin, "\n".join(line.text.strip() for line in run))
    text = tidy(_strip_typewriter_marks(joined))
    return Paragraph(text, run[0].number, run[0].n_empty_before)


def _strip_typewriter_marks(text: str) -> str:
    """Remove the plain-text marks for pictures and emphasis, and convert double hyphens to dashes."""
    text = _EMPHASIS.sub(r"\2", _ILLUSTRATION.sub(" ", text))
    return re.sub(r"(?<!-)--(?!-)", "—", text)


def _width(text: str) -> int:
    """Width of a line in terminal columns; Hangul and Hanja take two columns each."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
