"""Second opinion on Korean words: those that g2pk and hierbatch pronounce differently.

    python -m benchmarks.korean_second_opinion words.txt

Prints each such word of a text with both pronunciations, and the number of words compared. g2pk can be installed on
Python 3.12 and older only; hierbatch does not use it for speech.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from hierbatch.frontend.korean.g2pk_pronunciation import pronounce_words_by_g2pk
from hierbatch.frontend.korean.pronunciation import pronounce_words

_WORD = re.compile("[가-힣]+")


def differences(words: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Words that the two pronounce differently in isolation: the word, the pronunciation of hierbatch, that of g2pk."""
    for word in words:
        own, other = pronounce_words([word])[0], pronounce_words_by_g2pk([word])[0]
        if own != other:
            yield word, own, other


def main() -> None:
    parser = argparse.ArgumentParser(description="List the words of a text on which g2pk and the engine differ.")
    parser.add_argument("text", type=Path, help="text file in UTF-8")
    words = dict.fromkeys(_WORD.findall(parser.parse_args().text.read_text(encoding="utf-8")))
    n_different = 0
    for word, own, other in differences(words):
        n_different += 1
        print(f"{word}\t{own}\t{other}")
    print(f"{n_different} of {len(words)} words differ")


if __name__ == "__main__":
    main()
