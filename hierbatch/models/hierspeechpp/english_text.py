"""English text front end of HierSpeech++ TTV: the cleaner `english_cleaners2`, espeak-ng phonemes, symbol ids.

phonemizer 3.3 and later keep brackets as punctuation. HierSpeech++ used phonemizer 3.2.1, which dropped brackets, and
its symbol table has no ids for them, so brackets are dropped here too. phonemizer 3.2.1 also split a number such as
"12.50" into two at its decimal point; here, as in 3.3, it stays one number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hierbatch.errors import TextError
from hierbatch.frontend.english.phonemizer import load_espeak
from hierbatch.frontend.phonemes import Phones, split_stress, split_words
from hierbatch.frontend.symbols import VOWELS, WORD_BOUNDARY
from hierbatch.programs import require_package

PAD = "_"
"""Blank symbol, inserted between all symbols and at both ends."""
_PUNCTUATION = ';:,.!?¡¿—…"«»“” '
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PHONES = (
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'\u0329'ᵻ"
)

SYMBOLS = (PAD, *_PUNCTUATION, *_LETTERS, *_PHONES)
"""178 symbols; the apostrophe occurs twice, and the second position is its id."""

SYMBOL_IDS = {symbol: number for number, symbol in enumerate(SYMBOLS)}

_ABBREVIATIONS = {
    "mrs": "misess", "mr": "mister", "dr": "doctor", "st": "saint", "co": "company", "jr": "junior", "maj": "major",
    "gen": "general", "drs": "doctors", "rev": "reverend", "lt": "lieutenant", "hon": "honorable", "sgt": "sergeant",
    "capt": "captain", "esq": "esquire", "ltd": "limited", "col": "colonel", "ft": "fort",
}  # fmt: skip
_ABBREVIATION = re.compile(rf"\b({'|'.join(_ABBREVIATIONS)})\.", re.IGNORECASE)
_SPELLINGS = {"i": "iː", "u": "uː", "ɑ": "ɑː", "ɔ": "ɔː", "ɝ": "ɜː"}
BRACKETS = str.maketrans("", "", "(){}[]")


def espeak_phonemes(text: str) -> str:
    """Phonemize English text with espeak-ng, after conversion to lower-case ASCII and expansion of abbreviations.

    Raises:
        ProgramError: espeak-ng cannot be loaded, or the extra `official` is not installed.
        TextError: the text has no phonemes.
    """
    plain = require_package("unidecode", extra="official").unidecode(text).lower()
    expanded = _ABBREVIATION.sub(lambda found: _ABBREVIATIONS[found[1]], plain)
    (phonemes,) = load_espeak(preserve_punctuation=True).phonemize([expanded], strip=True) or [""]
    joined = re.sub(r"\s+", " ", phonemes.translate(BRACKETS)).strip()
    if not joined:
        raise TextError(
            "There is nothing to say in the text",
            expected="words or numbers",
            got=repr(text[:60]),
            fix="remove the row, or write its symbols as words",
        )
    return joined


def symbol_ids(phonemes: str) -> list[int]:
    """Convert phonemes to symbol ids.

    Raises:
        TextError: a character is not in the symbol table.
    """
    unknown = sorted(set(phonemes) - set(SYMBOL_IDS))
    if unknown:
        raise TextError(
            "HierSpeech++ has no symbol for some characters",
            got=" ".join(unknown),
            fix="remove or replace these characters",
        )
    return [SYMBOL_IDS[symbol] for symbol in phonemes]


def intersperse_blanks(ids: Sequence[int]) -> list[int]:
    """Insert a blank before, between and after all symbols: 2n + 1 ids."""
    spread = [SYMBOL_IDS[PAD]] * (2 * len(ids) + 1)
    spread[1::2] = ids
    return spread


def espeak_spelling(phonemes: str) -> list[str]:
    """Convert each token of a phoneme string to espeak-ng's spelling; punctuation includes the space after it.

    The shared phoneme table has no vowel length and fewer weak vowels than espeak-ng; rules restore both.

    >>> "".join(espeak_spelling("h ə l ˈoʊ , w ˈɝ l d ."))
    'həlˈoʊ, wˈɜːld.'
    """
    spelled: list[str] = []
    for word, separator in split_words(phonemes):
        spelled += ["ɐ"] if word == ("ə",) else _spell_word(word)
        spelled.append(" " if separator == WORD_BOUNDARY else f"{separator} ")
    if spelled:
        spelled[-1] = spelled[-1].rstrip()
    return spelled


def _spell_word(word: Phones) -> list[str]:
    letters = [token.removesuffix(phone) + _SPELLINGS.get(phone, phone) for token in word for phone in [_bare(token)]]
    has_more_vowels = sum(_bare(token) in VOWELS for token in word) > 1
    if word[-1:] == ("i",) and has_more_vowels:
        letters[-1] = "i"  # as in "happy"
    return letters


def _bare(token: str) -> str:
    return split_stress(token)[0]
