"""Share of quotations with the right speaker, on labelled passages of the novels in the shared folder, as a table.

The labels (`tests/frontend/dialogue/*.tsv`) were made by reading; the rules were developed on them, so other books will
score lower.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hierbatch.frontend.books.reading import read_book
from hierbatch.frontend.dialogue.book_dialogue import BookDialogue, attribute_dialogue

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed

from tools.evaluation.kit import shared_folder

LABELS = Path(__file__).parents[1] / "tests" / "frontend" / "dialogue"


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled quotation: whether its speaker is right, and the probability stated."""

    book: str
    is_right: bool
    confidence: float


def main() -> None:
    """Print the table for every label file whose books are at hand."""
    for labels in sorted(LABELS.glob("*_speakers.tsv")):
        judged = check_labels(labels, shared_folder() / "texts")
        print(f"| {labels.stem} | quotations | right, % | right in the more confident half, % |")
        print("| --- | --- | --- | --- |")
        by_book = defaultdict(list)
        for found in judged:
            by_book[found.book].append(found)
        for book, found in [*by_book.items(), ("all", judged)]:
            ordered = sorted(found, key=lambda each: -each.confidence)
            half = ordered[: max(1, len(ordered) // 2)]
            print(f"| {book} | {len(found)} | {_percent(found):.1f} | {_percent(half):.1f} |")
        print()


def check_labels(labels: Path, texts: Path) -> list[Judged]:
    """Compare the attribution of every labelled quotation with its label."""
    with labels.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    judged: list[Judged] = []
    for book in dict.fromkeys(row["book"] for row in rows):
        (path,) = [path for path in texts.rglob("*") if book in path.name]
        dialogue = attribute_dialogue(read_book(path, frozenset()))
        judged += [_check(row, dialogue) for row in rows if row["book"] == book]
    return judged


def _check(row: dict[str, str], dialogue: BookDialogue) -> Judged:
    spans = dialogue.chapters[int(row["chapter"])][int(row["paragraph"])]
    quotation = [span for span in spans if span.is_quote][int(row["quotation"])]
    if quotation.character is None:
        return Judged(row["book"], False, 0.0)
    character = dialogue.characters[quotation.character]
    is_right = not {character.name, *character.aliases}.isdisjoint(row["speaker"].split("|"))
    return Judged(row["book"], is_right, quotation.confidence or 0.0)


def _percent(judged: Sequence[Judged]) -> float:
    return 100 * sum(found.is_right for found in judged) / max(1, len(judged))


if __name__ == "__main__":
    main()
