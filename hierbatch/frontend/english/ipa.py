"""Table of IPA spellings of English sounds in espeak-ng and in dictionaries, with their phones in the shared table."""

from __future__ import annotations

from hierbatch.frontend.ipa import IpaSpelling
from hierbatch.frontend.phonemes import Phones

# fmt: off
ENGLISH_REWRITES: dict[str, Phones] = {
    # espeak-ng's en-us phones: the duration model predicts length; r-coloured and syllabic sounds become two symbols.
    "iː": ("i",), "uː": ("u",), "ɑː": ("ɑ",), "ɔː": ("ɔ",), "ɜː": ("ɝ",), "ɜ": ("ɝ",), "oː": ("ɔ",),
    "ɐ": ("ə",), "ᵻ": ("ɪ",), "ɒ": ("ɑ",), "a": ("æ",), "aː": ("ɑ",), "e": ("eɪ",), "o": ("oʊ",), "r": ("ɹ",),
    "ɬ": ("l",), "x": ("k",), "ɔːɹ": ("ɔ", "ɹ"), "oːɹ": ("ɔ", "ɹ"), "ɑːɹ": ("ɑ", "ɹ"), "ɪɹ": ("ɪ", "ɹ"),
    "ʊɹ": ("ʊ", "ɹ"), "ɛɹ": ("ɛ", "ɹ"), "aɪɚ": ("aɪ", "ɚ"), "aɪə": ("aɪ", "ə"), "aʊɚ": ("aʊ", "ɚ"),
    "iə": ("i", "ə"), "eə": ("ɛ", "ə"), "iːː": ("i",), "əl": ("ə", "l"), "n̩": ("ə", "n"), "m̩": ("ə", "m"),
    "l̩": ("ə", "l"), "ɲ": ("n", "j"), "ɑ̃": ("ɑ", "n"), "ɔ̃": ("ɔ", "n"), "œ": ("ʌ",), "y": ("u",),
    "ø": ("ʌ",), "ç": ("h",), "ʀ": ("ɹ",), "ʁ": ("ɹ",), "pf": ("p", "f"), "ts": ("t", "s"),
    # further spellings in dictionaries
    "g": ("ɡ",), "ɫ": ("l",), "ʍ": ("w",), "əʊ": ("oʊ",), "ɪə": ("ɪ", "ə"), "ʊə": ("ʊ", "ə"), "ɜːɹ": ("ɝ",),
    "ɜɹ": ("ɝ",), "ɜːr": ("ɝ",), "ɜr": ("ɝ",),
    "ər": ("ɚ",), "əɹ": ("ɚ",), "ɝɹ": ("ɝ",), "ɚɹ": ("ɚ",), "ʧ": ("tʃ",), "ʤ": ("dʒ",), "ɨ": ("ɪ",), "ʉ": ("u",),
    "ɯ": ("ʊ",), "χ": ("k",), "c": ("k",), "ʎ": ("l", "j"), "β": ("v",), "ɣ": ("ɡ",), "ɕ": ("ʃ",), "ʑ": ("ʒ",),
    "ʋ": ("v",), "ai": ("aɪ",), "au": ("aʊ",), "ei": ("eɪ",), "ou": ("oʊ",), "oi": ("ɔɪ",), "ɔi": ("ɔɪ",), "ɽ": ("ɾ",),
    "ɛ̃": ("ɛ", "n"),
}
# fmt: on

ENGLISH_IPA = IpaSpelling(ENGLISH_REWRITES, has_stress=True)
