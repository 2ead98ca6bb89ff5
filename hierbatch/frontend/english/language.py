"""Definition of English for the table of languages."""

from __future__ import annotations

import functools
import re

from hierbatch.frontend.english.ipa import ENGLISH_IPA
from hierbatch.frontend.foreign_words import find_foreign_words
from hierbatch.frontend.language_definition import Language, Normalizer, Pace, PhoneMap, Phonemizer


def _normalize_english() -> Normalizer:
    from hierbatch.frontend.english.normalization import normalize_english

    return normalize_english


def _phonemize_english() -> Phonemizer:
    from hierbatch.frontend.english.phonemizer import EnglishPhonemizer

    return EnglishPhonemizer()


def _korean_words_in_english() -> PhoneMap:
    from hierbatch.frontend.english.korean_words import to_english_phones

    return to_english_phones


# A mark counts as a break only before white space: 1,000 and 3:30 have none.
ENGLISH = Language(
    code="en",
    iso639_2="eng",
    name="English",
    letters="A-Za-zÀ-ɏ",
    load_normalizer=_normalize_english,
    load_phonemizer=_phonemize_english,
    pace=Pace(0.075, 0.06, 0.30, 0.45),
    max_characters=220,
    clause_breaks=(
        re.compile(r"[;:]['\"”’)\]]*(?=\s)|[—]['\"”’)\]]*(?=\s?\S)|\s–(?=\s)|\)(?=\s)"),
        re.compile(r"[,、]['\"”’)\]]*(?=\s)"),
        re.compile(
            r"(?=\s(?:and|but|or|nor|so|yet|for|which|who|whom|whose|that|because|although|though|when|while|where|if|"
            r"unless|until|after|before|since|as|than|with|without|to)\s)"
        ),
    ),
    ipa=ENGLISH_IPA,
    find_foreign_words=functools.partial(find_foreign_words, hanja=False),
    foreign_words={"ko": _korean_words_in_english},
)
