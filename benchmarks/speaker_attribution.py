"""Share of quotations with the right speaker, on labeled passages of novels and stories, as a table.

The labels (`tests/frontend/dialogue/*.tsv`) were made by reading, before the rules were applied to these passages. The
rules were then developed on the passages, so other books will score lower. The passages in the files `further` were not
used for this, except that the errors in 봄봄 were read later.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hierbatch.frontend.books.book import Book
from hierbatch.frontend.books.reading import read_book
from hierbatch.frontend.dialogue.book_dialogue import BookDialogue, attribute_dialogue
from hierbatch.frontend.dialogue.english_lexicon import verb_pattern
from hierbatch.frontend.dialogue.korean_characters import speech_stems

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed

from tools.evaluation.kit import shared_folder

_FIRST_SENTENCE = re.compile(r"(?<=[.!?…])\s")
LABELS = Path(__file__).parents[1] / "tests" / "frontend" / "dialogue"


@dataclass(frozen=True, slots=True)
class Judged:
    """One labeled quotation: whether its speaker is right, and the probability stated."""

    book: str
    is_right: bool
    confidence: float
    is_explicit: bool
    """The narration around the quotation contains the name of the speaker and a verb of speech."""


def main() -> None:
    """Print the table for every label file."""
    for labels in sorted(LABELS.glob("*_speakers.tsv")):
        judged = check_labels(labels, shared_folder() / "texts")
        print(f"| {labels.stem} | quotations | right, % | explicit ones | right, % | confident half, % |")
        print("| --- | --- | --- | --- | --- | --- |")
        by_book = defaultdict(list)
        for found in judged:
            by_book[found.book].append(found)
        for book, found in [*by_book.items(), ("all", judged)]:
            ordered = sorted(found, key=lambda each: -each.confidence)
            half = ordered[: max(1, len(ordered) // 2)]
            explicit = [each for each in found if each.is_explicit]
            print(
                f"| {book} | {len(found)} | {_percent(found):.1f} | {len(explicit)} | {_percent(explicit):.1f} | "
                f"{_percent(half):.1f} |"
            )
        print()


def check_labels(labels: Path, texts: Path) -> list[Judged]:
    """Compare the attribution of every labeled quotation with its label."""
    with labels.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    judged: list[Judged] = []
    for book in dict.fromkeys(row["book"] for row in rows):
        (path,) = [path for folder in (texts, LABELS / "passages") for path in folder.rglob("*") if book in path.name]
        text = read_book(path, frozenset())
        dialogue = attribute_dialogue(text)
        judged += [_check(row, dialogue, text) for row in rows if row["book"] == book]
    return judged


def _check(row: dict[str, str], dialogue: BookDialogue, book: Book) -> Judged:
    chapter, paragraph = int(row["chapter"]), int(row["paragraph"])
    quotation = [span for span in dialogue.chapters[chapter][paragraph] if span.is_quote][int(row["quotation"])]
    is_explicit = _is_explicit(row["speaker"].split("|"), _narration(book, dialogue, chapter, paragraph))
    if quotation.character is None:
        return Judged(row["book"], False, 0.0, is_explicit)
    character = dialogue.characters[quotation.character]
    is_right = not {character.name, *character.aliases}.isdisjoint(row["speaker"].split("|"))
    return Judged(row["book"], is_right, quotation.confidence or 0.0, is_explicit)


def _narration(book: Book, dialogue: BookDialogue, chapter: int, paragraph: int) -> str:
    """Narration of a paragraph; if it is only a quotation, as in Korean books, that of the paragraph after it."""
    texts = [block.text for block in book.chapters[chapter].blocks if block.kind == "paragraph"]
    spans = dialogue.chapters[chapter]
    own = [texts[paragraph][span.start : span.end] for span in spans[paragraph] if not span.is_quote]
    if "".join(own).strip() or paragraph + 1 == len(texts) or spans[paragraph + 1][0].is_quote:
        return " ".join(own)
    first = spans[paragraph + 1][0]
    return _FIRST_SENTENCE.split(texts[paragraph + 1][first.start : first.end])[0]


def _is_explicit(names: Sequence[str], narration: str) -> bool:
    verb = verb_pattern().search(narration) or any(len(stem) > 1 and stem in narration for stem in speech_stems())
    return bool(verb) and any(name in narration for name in names)


def _percent(judged: Sequence[Judged]) -> float:
    return 100 * sum(found.is_right for found in judged) / max(1, len(judged))


if __name__ == "__main__":
    main()
