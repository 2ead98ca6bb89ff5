"""Definition of Korean for the table of languages."""

from __future__ import annotations

import functools
import re

from hierbatch.frontend.foreign_words import find_foreign_words
from hierbatch.frontend.korean.counters import NOUN_ENDS
from hierbatch.frontend.korean.ipa import KOREAN_IPA
from hierbatch.frontend.language_definition import Language, Normalizer, Pace, Phonemizer, ShortSentence


def _normalize_korean() -> Normalizer:
    from hierbatch.frontend.korean.normalization import normalize_korean

    return normalize_korean


def _phonemize_korean() -> Phonemizer:
    from hierbatch.frontend.korean.phonemizer import KoreanPhonemizer

    return KoreanPhonemizer()


def _phonemize_korean_by_g2pk() -> Phonemizer:
    from hierbatch.frontend.korean.g2pk_pronunciation import pronounce_words_by_g2pk
    from hierbatch.frontend.korean.phonemizer import KoreanPhonemizer

    return KoreanPhonemizer(pronounce_words_by_g2pk)


KOREAN = Language(
    code="ko",
    iso639_2="kor",
    name="Korean",
    letters="가-힣ㄱ-ㆎ",
    load_normalizer=_normalize_korean,
    load_phonemizer=_phonemize_korean,
    version="2",
    older_phonemizers={"1": _phonemize_korean_by_g2pk},
    pace=Pace(0.083, 0.10, 0.27, 0.50),
    max_characters=110,
    short_sentence=ShortSentence(letters=4),
    clause_breaks=(
        re.compile(r"[;:]['\"”’)\]]*(?=\s)|[—]['\"”’)\]]*(?=\s?\S)|\s[–―-](?=\s)|[…]['\"”’)\]]*(?=\s)|\)(?=\s)"),
        re.compile(r"[,、，]['\"”’)\]]*(?=\s)"),
        # Connective endings of verbs: "-and", "-while", "-but", "-because", "-if", "-in order to".
        re.compile(r"(?:면서|지만|는데|니까|므로|거나|도록|려고|다가|더니|어서|아서|여서|해서|며|고|면|니|서)(?=\s)"),
    ),
    detection_weight=2,
    noun_ends=NOUN_ENDS,
    find_foreign_words=functools.partial(find_foreign_words, hanja=True),
    ipa=KOREAN_IPA,
)
