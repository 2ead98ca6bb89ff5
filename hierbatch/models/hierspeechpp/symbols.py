"""Symbol table of the HierSpeech++ TTV: the id of every character in its phoneme strings."""

from __future__ import annotations

PAD = "_"
"""Blank of the alignment in training, inserted between all symbols and at both ends."""
_PUNCTUATION = ';:,.!?¡¿—…"«»“” '
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PHONES = (
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'\u0329'ᵻ"
)

SYMBOLS = (PAD, *_PUNCTUATION, *_LETTERS, *_PHONES)
"""178 symbols; the apostrophe occurs twice, and its second position is its id."""

SYMBOL_IDS = {symbol: number for number, symbol in enumerate(SYMBOLS)}
