"""Alignment of the rows of two versions of a text: first equal rows, then similar rows in the passages between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

_MIN_SIMILARITY = 60.0
"""Minimum similarity (0 to 100) at which two rows are versions of one sentence."""

_MAX_PAIRS = 250_000
"""Maximum number of comparisons within a changed passage; the rows of a larger passage count as removed and added."""

_MAX_CELLS = 2**32
"""Maximum number of cells of the alignment table, which takes 512 MB at one bit each.

A larger part of the text is treated as a single changed passage, whose rows count as removed and added.
"""


def align_rows(before: Sequence[str], after: Sequence[str]) -> list[int | None]:
    """Index in `before` of each row of `after`; None for new rows.

    The order is kept, so that a row that moved counts as removed and added. The equal rows are a longest common
    subsequence; in the passages between them, rows are matched by the similarity of their texts.

    Args:
        before: texts of the older version.
        after: texts of the newer version.
    """
    numbers: dict[str, int] = {}
    old = [numbers.setdefault(text, len(numbers)) for text in before]
    new = [numbers.setdefault(text, len(numbers)) for text in after]
    found: list[int | None] = [None] * len(new)
    for old_span, new_span in _changed_spans(old, new, found):
        for at_old, at_new in _similar_rows(before, after, old_span, new_span):
            found[at_new] = at_old
    return found


def _changed_spans(old: list[int], new: list[int], found: list[int | None]) -> Iterator[tuple[range, range]]:
    """Match equal rows, write their indices in `old` into `found`, and yield the spans of the passages between them."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        found[start] = start
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        found[len(new) - 1 - end] = len(old) - 1 - end
        end += 1
    n_old, n_new = len(old) - start - end, len(new) - start - end
    if n_old * n_new > _MAX_CELLS:
        yield range(start, start + n_old), range(start, start + n_new)
        return
    last_old, last_new = start, start
    for block in LCSseq.opcodes(old[start : start + n_old], new[start : start + n_new]):
        if block.tag == "equal":
            yield range(last_old, start + block.src_start), range(last_new, start + block.dest_start)
            for offset in range(block.src_end - block.src_start):
                found[start + block.dest_start + offset] = start + block.src_start + offset
            last_old, last_new = start + block.src_end, start + block.dest_end
    yield range(last_old, start + n_old), range(last_new, start + n_new)


def _similar_rows(before: Sequence[str], after: Sequence[str], old: range, new: range) -> Iterator[tuple[int, int]]:
    """Yield the indices of matching old and new rows in a changed passage, in order, with maximum total similarity."""
    if not old or not new or len(old) * len(new) > _MAX_PAIRS:
        return
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    scores = [
        [fuzz.ratio(before[at_old], after[at_new], score_cutoff=_MIN_SIMILARITY) for at_new in new] for at_old in old
    ]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            matched = scores[i][j] + best[i + 1][j + 1] if scores[i][j] else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], matched)
    i = j = 0
    while i < len(old) and j < len(new):
        if scores[i][j] and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            yield old[i], new[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
