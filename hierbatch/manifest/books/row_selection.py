"""Selection of rows of a book: some chapters, or the beginning of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.errors import InputError
from hierbatch.manifest.runs.parts import open_run_file

PREVIEW_S = 60.0
"""Expected duration of the preview of a chapter, in seconds."""

_PLACE_COLUMNS = ("position", "chapter", "sentence_index", "expected_duration_s")
_RANGE = re.compile(r"\s*(\d{1,9})\s*(?:[-–]\s*(\d{1,9})\s*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSelection:
    """Selection of the rows of a run that are synthesized and delivered; by default all."""

    chapters: tuple[range, ...] = ()
    """Numbers of chapters; empty for all."""
    preview_s: float | None = None
    """Expected seconds of audio to take from the start of each chapter; None for whole chapters."""

    @property
    def is_all(self) -> bool:
        """True if no row is left out."""
        return not self.chapters and self.preview_s is None

    def mask(self, rows: pa.Table) -> npt.NDArray[np.bool_]:
        """Mask of the selected rows of a plan.

        Args:
            rows: columns `chapter`, `sentence_index` and `expected_duration_s` of the plan.

        Returns:
            Boolean array with one value per row.
        """
        if self.is_all:
            return np.ones(len(rows), np.bool_)
        chapter = rows.column("chapter").fill_null(-1).to_numpy()
        is_selected = np.full(len(rows), not self.chapters)
        for span in self.chapters:
            is_selected |= (chapter >= span.start) & (chapter < span.stop)
        if self.preview_s is None:
            return is_selected
        order = np.lexsort((rows.column("sentence_index").fill_null(0).to_numpy(), chapter))
        durations_s = rows.column("expected_duration_s").fill_null(0).to_numpy()[order]
        before_s = np.cumsum(durations_s) - durations_s
        is_first = np.diff(chapter[order], prepend=chapter[order][:1] - 1) != 0
        chapter_start_s = np.maximum.accumulate(np.where(is_first, before_s, 0.0))
        is_early = np.empty(len(rows), np.bool_)
        is_early[order] = before_s - chapter_start_s < self.preview_s
        return is_selected & is_early

    def positions(self, plan: Path) -> npt.NDArray[np.bool_] | None:
        """Mask of the selected manifest positions, from the plan of a run; None if all are selected.

        Raises:
            InputError: the rows have no chapters, or no row is selected.
        """
        if self.is_all:
            return None
        with open_run_file(plan) as file:
            missing = [name for name in _PLACE_COLUMNS if name not in file.schema_arrow.names]
            if missing:
                raise InputError(
                    "Chapters can only be selected in a book",
                    expected="columns chapter and sentence_index",
                    got="a manifest without " + ", ".join(missing),
                    fix="import the book with `hierbatch import`",
                )
            rows = file.read(columns=list(_PLACE_COLUMNS))
        selected = self.mask(rows)
        if not selected.any():
            known = sorted(set(rows.column("chapter").drop_null().to_pylist()))
            raise InputError(
                "No chapter is selected",
                expected=f"{known[0]} to {known[-1]}" if known else "a book with chapters",
                got=format_chapters(self.chapters),
                fix="correct --chapters",
            )
        is_wanted = np.zeros(len(rows), np.bool_)
        is_wanted[rows.column("position").to_numpy()[selected]] = True
        return is_wanted


def parse_chapters(text: str) -> tuple[range, ...]:
    """Parse a list of chapter numbers and spans.

    >>> parse_chapters("1-3, 10")
    (range(1, 4), range(10, 11))

    Raises:
        InputError: the text is not a list of numbers and spans.
    """
    spans = []
    for entry in text.split(",") if text.strip() else ():
        found = _RANGE.fullmatch(entry)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if first > last:
            raise InputError(
                "The chapters are not clear",
                expected="numbers and spans such as 1-3,10",
                got=text,
                fix="correct --chapters",
            )
        spans.append(range(first, last + 1))
    return tuple(spans)


def format_chapters(chapters: Sequence[range]) -> str:
    """Format chapter numbers and spans as `parse_chapters` reads them.

    >>> format_chapters(parse_chapters("1-3,10"))
    '1-3,10'
    """
    return ",".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]) for span in chapters)
