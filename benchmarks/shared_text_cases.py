"""Score of the item tables and books of ../shared/cases/books: right and wrong, with the wrong ones named.

    python benchmarks/shared_text_cases.py --cases ../shared/cases/books

A text item is right if its normalized words are one of the expected forms, whatever the case, hyphens and marks. A
pronunciation is right if its phones are those of the expected Hangul, spelled as pronounced. A book is right if it has
the expected chapters and passages, see `shared_book_expectations.py`.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from shared_book_expectations import EXPECTATIONS, Expectation

from hierbatch.errors import BookError, HierbatchError
from hierbatch.frontend.english.normalization import normalize_english
from hierbatch.frontend.korean.normalization import normalize_korean
from hierbatch.frontend.korean.phonemizer import syllables_to_phones
from hierbatch.frontend.phonemes import split_words
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.jobs.books.import_book import ImportBook, import_book

_BOOK_SUFFIXES = (".epub", ".txt", ".md")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, default=Path("../shared/cases/books"))
    parser.add_argument("--only", default="", help="part of the names of tables and books to score")
    arguments = parser.parse_args()
    for table in sorted(arguments.cases.glob("items_*.tsv")):
        if arguments.only in table.name:
            score_table(table)
    n_right = n_books = 0
    for path in sorted(arguments.cases.iterdir()):
        if path.suffix in _BOOK_SUFFIXES and arguments.only in path.name:
            faults = book_faults(path)
            n_books, n_right = n_books + 1, n_right + (not faults)
            print(f"{'right' if not faults else 'WRONG'} {path.name} {'; '.join(faults)}")
    print(f"books: {n_right} of {n_books} right")


def score_table(table: Path) -> None:
    """Print the score of one table and its wrong items."""
    check = _check_of(table.stem)
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if line.strip()]
    wrong = [(row, got) for row in rows if (got := check(row)) is not None]
    print(f"{table.stem}: {len(rows) - len(wrong)} of {len(rows)} right ({1 - len(wrong) / len(rows):.1%})")
    for row, got in wrong:
        print(f"  {row[0]!r}: expected {row[-1]!r}, got {got!r}")


def _check_of(stem: str) -> Callable[[list[str]], str | None]:
    front_end = SpeechFrontEnd()
    if stem.startswith("items_ko_pronounced"):
        return lambda row: _pronunciation_fault(front_end, row)
    if stem.startswith("items_en_heteronyms"):
        return lambda row: _heteronym_fault(front_end, row)
    normalize = normalize_korean if stem.startswith("items_ko") else normalize_english
    return lambda row: _text_fault(normalize, row)


def _text_fault(normalize: Callable[[str], str], row: list[str]) -> str | None:
    try:
        got = _plain(normalize(row[0]))
    except HierbatchError as error:
        return str(error.what)
    return None if got in {_plain(form) for form in row[1].split("|")} else got


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s']", " ", text.replace("-", " ")).casefold().split())


def _pronunciation_fault(front_end: SpeechFrontEnd, row: list[str]) -> str | None:
    got = "".join(_phones(front_end.phonemize(row[0], "ko").phonemes))
    expected = {"".join(syllables_to_phones(form)) for form in row[1].split("|")}
    return None if got in expected else got


def _heteronym_fault(front_end: SpeechFrontEnd, row: list[str]) -> str | None:
    spoken = front_end.phonemize(row[0], "en")
    words = [
        "".join(phones)
        for word, (phones, _) in zip(spoken.text_norm.split(), split_words(spoken.phonemes), strict=True)
        if word.casefold() == row[1].casefold()
    ]
    expected = re.sub("[ˈˌ]", "", row[2])
    return None if expected in [re.sub("[ˈˌ]", "", word) for word in words] else " ".join(words)


def _phones(phonemes: str) -> Iterator[str]:
    for phones, _ in split_words(phonemes):
        yield from phones


def book_faults(path: Path) -> list[str]:
    """Differences between a book as it is imported and as it should be."""
    expected = EXPECTATIONS.get(path.stem.partition("_")[0], Expectation())
    with tempfile.TemporaryDirectory() as folder:
        try:
            imported = import_book(ImportBook(book=path, out=Path(folder) / "rows.parquet"))
        except BookError as error:
            return [] if expected.refused and expected.refused in str(error) else [f"refused: {error.what}"]
    if expected.refused:
        return ["read, although it should be refused"]
    rows = imported.table.to_pylist()
    text = " | ".join(row["text"] for row in rows)
    titles = list(dict.fromkeys((row["chapter"], row["chapter_title"]) for row in rows))
    faults = [f"lacks {passage!r}" for passage in expected.has if passage not in text]
    faults += [f"has {passage!r}" for passage in expected.lacks if passage in text]
    if expected.chapters and [title for _, title in titles] != list(expected.chapters):
        faults.append(f"chapters {[title for _, title in titles]}")
    if expected.remark and not any(expected.remark in remark for remark in imported.book.remarks):
        faults.append(f"remarks {imported.book.remarks}")
    pauses = {row["text"]: row["pause_after_s"] for row in rows}
    faults += [f"no pause after {passage!r}" for passage in expected.pauses if pauses.get(passage) is None]
    return faults


if __name__ == "__main__":
    main()
