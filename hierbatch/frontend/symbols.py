"""Phoneme table shared by English and Korean.

Trained weights depend on the order of the symbols: a new symbol takes a reserved position, and no symbol ever moves.
Similar sounds of the two languages share one symbol (a language embedding keeps the accents apart); the tense and
aspirated consonants and the unreleased codas of Korean have their own symbols. IPA follows the Handbook of the
International Phonetic Association (1999), "American English" and "Korean".
"""

from __future__ import annotations

START = "^"
"""Silence before the first phone; added by `encode`, never part of a phoneme string."""

WORD_BOUNDARY = "|"
PUNCTUATION = (",", ".", "?", "!")
SEPARATORS = (WORD_BOUNDARY, *PUNCTUATION)

# fmt: off
SHARED_CONSONANTS = ("p", "t", "k", "m", "n", "ŋ", "s", "h", "l", "w", "j", "ɾ")
ENGLISH_CONSONANTS = ("b", "d", "ɡ", "f", "v", "θ", "ð", "z", "ʃ", "ʒ", "tʃ", "dʒ", "ɹ", "ʔ")
KOREAN_CONSONANTS = ("p͈", "t͈", "k͈", "s͈", "pʰ", "tʰ", "kʰ", "tɕ", "tɕ͈", "tɕʰ", "p̚", "t̚", "k̚", "ɰ")
SHARED_VOWELS = ("i", "u", "ʌ", "ɛ")
ENGLISH_VOWELS = ("ɪ", "æ", "ə", "ɚ", "ɝ", "ɑ", "ɔ", "ʊ", "eɪ", "aɪ", "oʊ", "aʊ", "ɔɪ")
KOREAN_VOWELS = ("a", "e", "o", "ɯ")
RESERVED = tuple(f"<reserved{i}>" for i in range(20))

VOWELS = frozenset((*SHARED_VOWELS, *ENGLISH_VOWELS, *KOREAN_VOWELS))
PHONES = (*SHARED_CONSONANTS, *ENGLISH_CONSONANTS, *KOREAN_CONSONANTS, *SHARED_VOWELS, *ENGLISH_VOWELS, *KOREAN_VOWELS)
SYMBOLS = ("<pad>", START, *SEPARATORS, *PHONES, *RESERVED)
# fmt: on

SYMBOL_IDS = {symbol: index for index, symbol in enumerate(SYMBOLS)}

STRESS_MARKS = ("", "ˈ", "ˌ")
"""Marks for no stress, primary and secondary stress; the index of a mark is the stress id of a token."""

LANGUAGES = ("en", "ko")
LANGUAGE_IDS = {language: index for index, language in enumerate(LANGUAGES)}
