"""Clean-up of corpus transcripts for the text front end."""

from __future__ import annotations

_CAPITALS_SHARE = 0.6


def lowercase_all_caps(text: str) -> str:
    """Convert a transcript in capitals, as in LibriSpeech, to lower case; other transcripts are returned unchanged.

    The front end would spell words in capitals letter by letter.

    >>> lowercase_all_caps("AS YOU KNOW")
    'as you know'
    >>> lowercase_all_caps("The BBC said so.")
    'The BBC said so.'
    """
    letters = [letter for letter in text if letter.isalpha()]
    is_capitals = sum(letter.isupper() for letter in letters) > _CAPITALS_SHARE * len(letters)
    return text.lower() if is_capitals else text
