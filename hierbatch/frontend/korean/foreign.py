"""Transliteration of words in other scripts in Korean text, so that the sentence can be synthesized."""

from __future__ import annotations

import re

from hierbatch.errors import TextError
from hierbatch.frontend.characters import is_hanja

# Kana by their Korean transcription (외래어 표기법, table 4), in the order of the Japanese syllabary.
_KANA = dict(
    zip(
        "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
        "がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽ",
        "아이우에오카키쿠케코사시스세소타치쓰테토나니누네노하히후헤호마미무메모야유요라리루레로와오ㄴ"
        "가기구게고자지즈제조다지즈데도바비부베보파피푸페포",
        strict=True,
    )
)
_SMALL_KANA = {"ゃ": "ㅑ", "ゅ": "ㅠ", "ょ": "ㅛ"}
_YOTIZED = {"ㅑ": 2, "ㅠ": 17, "ㅛ": 12}
_CODA_N, _CODA_S = 4, 19
_N_CODAS, _SYLLABLES_AN_ONSET = 28, 588
_FOREIGN_WORD = re.compile(
    r"[^\W\d_A-Za-z\u00aa-\u024f\u2070-\u209f\u2150-\u218f\u2460-\u24ff\u1100-\u11ff\u3130-\u318f가-힣\ue000-\uf8ff]+[\u30fc]*"
)
_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_MIN_WORD = 2


def spell_foreign_words(text: str) -> str:
    """Transliterate words in other scripts; Hanja, and single letters, which are symbols, stay unchanged.

    Raises:
        TextError: a word is neither Hangul, Latin, Hanja nor Kana, and the extra `official` is not installed.

    >>> spell_foreign_words("일본어 ひらがな와 Привет")
    '일본어 히라가나와 privet'
    """
    return _FOREIGN_WORD.sub(lambda match: _spell(match[0]), text)


def _spell(word: str) -> str:
    spelled, run = "", ""
    for character in [*word, ""]:
        if character and not is_hanja(character):
            run += character
            continue
        spelled += _spell_run(run) + character
        run = ""
    return spelled


def _spell_run(run: str) -> str:
    kana = run.translate(_KATAKANA_TO_HIRAGANA)
    if any(character in _KANA for character in kana):
        return _spell_kana(kana)
    if len(run) < _MIN_WORD:
        return run
    return re.sub("[^A-Za-z]", "", _to_latin(run)).lower()


def _to_latin(run: str) -> str:
    try:
        from unidecode import unidecode
    except ImportError as error:
        raise TextError(
            "A word is in a script that is read only with an optional package",
            got=run,
            fix="pip install 'hierbatch[official]', or write the word in Hangul",
        ) from error
    return str(unidecode(run))


def _spell_kana(kana: str) -> str:
    spelled = ""
    for character in kana:
        if character in _SMALL_KANA and spelled:
            onset = (ord(spelled[-1]) - 0xAC00) // _SYLLABLES_AN_ONSET
            spelled = spelled[:-1] + chr(0xAC00 + onset * _SYLLABLES_AN_ONSET + _YOTIZED[_SMALL_KANA[character]] * 28)
        elif character in "んっ" and spelled and (ord(spelled[-1]) - 0xAC00) % _N_CODAS == 0:
            spelled = spelled[:-1] + chr(ord(spelled[-1]) + (_CODA_N if character == "ん" else _CODA_S))
        else:
            spelled += _KANA.get(character, "")
    return spelled.replace("ㄴ", "은")
