"""Transcripts as corpora write them, made into text that can be read aloud."""

from __future__ import annotations

_SHOUTED_SHARE = 0.6


def without_shouting(text: str) -> str:
    """A transcript in capitals throughout, as LibriSpeech has them, in small letters; others as they are.

    Capitals would be spelt out letter by letter.

    >>> without_shouting("AS YOU KNOW")
    'as you know'
    >>> without_shouting("The BBC said so.")
    'The BBC said so.'
    """
    letters = [letter for letter in text if letter.isalpha()]
    is_shouted = sum(letter.isupper() for letter in letters) > _SHOUTED_SHARE * len(letters)
    return text.lower() if is_shouted else text
