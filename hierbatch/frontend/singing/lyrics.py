"""Conversion of the lyrics of notes to syllables of phones, by the front end of the lyrics' language.

The words of a phrase are phonemized together, so that weak forms and sound rules apply as in speech. Syllables of the
pronunciation are then distributed over the written syllables of each word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hierbatch.errors import TextError
from hierbatch.frontend.phonemes import Phones, split_stress, split_words
from hierbatch.frontend.scores.score import HOLD, HYPHEN, NEXT_SYLLABLE, Note
from hierbatch.frontend.singing.syllables import Syllable, split_syllables
from hierbatch.frontend.speech_text import SpeechFrontEnd

_NOT_SUNG = re.compile(r"[^\w'’]+|_")
_VOWEL_LETTERS = re.compile(r"[aeiouy]+", re.IGNORECASE)
_BLOCK = re.compile(r"[가-힣]")
_MAX_PARTS = 500
_FEW_WORDS = 4
"""Minimum number of one-syllable Korean words in a phrase that are taken as the syllables of one word."""


@dataclass(slots=True)
class WordPart:
    """Written syllable of a word, the indices of the notes on which it is sung, and the syllables pronounced there."""

    text: str
    notes: list[int]
    syllables: list[Syllable] = field(default_factory=list)


@dataclass(slots=True)
class LyricWord:
    """One word of the lyrics; `spoken` is its normalized form, set when it is phonemized."""

    parts: list[WordPart]
    spoken: str = ""

    @property
    def text(self) -> str:
        """Written word."""
        return "".join(word_part.text for word_part in self.parts)

    @property
    def first_note(self) -> int:
        """Index of the note of the first syllable."""
        return self.parts[0].notes[0]


def group_words(notes: Sequence[Note]) -> list[LyricWord]:
    """Words of the lyrics; held notes belong to the syllable before them.

    Raises:
        TextError: no note has a lyric with letters.
    """
    words: list[LyricWord] = []
    continues = False
    for index, note in enumerate(notes):
        if note.is_held or (note.lyric != NEXT_SYLLABLE and not _NOT_SUNG.sub("", note.lyric)):
            if words:
                words[-1].parts[-1].notes.append(index)
            continue
        if note.lyric == NEXT_SYLLABLE:
            if words:
                words[-1].parts.append(WordPart("", [index]))
            continue
        for number, written in enumerate(note.lyric.split()):
            text = _NOT_SUNG.sub("", written)
            if text and number == 0 and continues and words:
                words[-1].parts.append(WordPart(text, [index]))
            elif text:
                words.append(LyricWord([WordPart(text, [index])]))
        continues = note.lyric.endswith(HYPHEN) and note.lyric != HOLD
    if not words:
        raise TextError(
            "The notes of the score have no lyrics",
            expected="a syllable on each note",
            fix="add lyrics to the score, or pass them with --lyrics or in the column lyrics",
        )
    return words


def phonemize_words(words: Sequence[LyricWord], front_end: SpeechFrontEnd, language: str) -> list[LyricWord]:
    """Add syllables to the parts of each word of one phrase. Separate Korean syllables become one word.

    Raises:
        TextError: a word cannot be phonemized.
    """
    if language == "ko" and len(words) >= _FEW_WORDS and all(len(word.text) == 1 for word in words):
        words = [LyricWord([word_part for word in words for word_part in word.parts])]
    texts = [_cased(word.text, language) for word in words]
    spoken = front_end.phonemize(" ".join(texts), language)
    pronounced = [phones for phones, _ in split_words(spoken.phonemes)]
    written = spoken.text_norm.split()
    if len(pronounced) != len(words):  # numbers become several words, for example
        each = [front_end.phonemize(text, language) for text in texts]
        pronounced = [tuple(phone for phones, _ in split_words(one.phonemes) for phone in phones) for one in each]
        written = ["".join(one.text_norm.split()) for one in each]
    for word, phones, text in zip(words, pronounced, written, strict=True):
        if len(word.parts) > _MAX_PARTS:
            raise TextError(
                "A word of the lyrics has too many syllables", expected=f"at most {_MAX_PARTS}",
                got=str(len(word.parts)), fix="write spaces, or lyrics without hyphens, between words",
            )  # fmt: skip
        word.spoken = text
        _distribute(word, phones, language)
    return list(words)


def _cased(text: str, language: str) -> str:
    """English text in lower case: capitals in lyrics mark the start of a line, not a letter name or an acronym."""
    return text if language != "en" or text == "I" or text.startswith(("I'", "I’")) else text.lower()


def _distribute(word: LyricWord, phones: Phones, language: str) -> None:
    """Give each part of a word its syllables; a part without any holds the vowel of the part before it."""
    syllables = split_syllables(phones, language)
    counts = divide_syllables(_written_counts(word.parts), len(syllables))
    kept: list[WordPart] = []
    first = 0
    for word_part, count in zip(word.parts, counts, strict=True):
        if count:
            word_part.syllables = list(syllables[first : first + count])
            first += count
            kept.append(word_part)
        else:
            kept[-1].notes.extend(word_part.notes)
    word.parts = kept


def _written_counts(parts: Sequence[WordPart]) -> list[int]:
    """Number of syllables that each part's spelling suggests.

    A part without text counts as one syllable, subtracted from the preceding part with text, which keeps at least one.
    """
    counts: list[int] = []
    owner = 0
    for index, word_part in enumerate(parts):
        counts.append(count_written(word_part.text))
        if word_part.text:
            owner = index
        else:
            counts[owner] = max(1, counts[owner] - 1)
    return counts


def count_written(text: str) -> int:
    """Number of syllables that the spelling of a word part suggests; 1 for a part without text."""
    blocks = len(_BLOCK.findall(text))
    return blocks or max(1, len(_VOWEL_LETTERS.findall(text.lower().removesuffix("e"))))


def divide_syllables(written: Sequence[int], n_syllables: int) -> list[int]:
    """Distribute syllables over parts, as close to the written numbers as possible; the first part has at least one.

    >>> divide_syllables([1, 1, 1], 2)  # ev-er-y, pronounced in two
    [1, 0, 1]

    Args:
        written: number of syllables that the spelling of each part suggests.
        n_syllables: number of syllables to distribute.
    """
    best = {0: 0}
    """Cost of each number of syllables that the parts so far can have."""
    counts_by_end: list[dict[int, int]] = []
    """Syllables of each part, by the number of syllables up to its end."""
    for index, wanted in enumerate(written):
        following: dict[int, int] = {}
        counts: dict[int, int] = {}
        is_last = index == len(written) - 1
        least = 0 if index else 1
        for used, cost in best.items():
            # Not far from the wanted number, so that the table stays small; the last part takes the rest.
            most = min(wanted + 3, n_syllables - used)
            for count in [n_syllables - used] if is_last else range(least, most + 1):
                total = cost + (count - wanted) ** 2
                if count >= least and total < following.get(used + count, 1 << 30):
                    following[used + count], counts[used + count] = total, count
        counts_by_end.append(counts)
        best = following
    divided: list[int] = []
    left = n_syllables
    for counts in reversed(counts_by_end):
        divided.append(counts[left])
        left -= divided[-1]
    return divided[::-1]


def is_stressed(syllable: Syllable) -> bool:
    """True for a syllable with primary or secondary stress."""
    return split_stress(syllable.nucleus)[1] > 0
