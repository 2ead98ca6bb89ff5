"""The symbol table of the published TTV: the number of every character its texts may have."""

from __future__ import annotations

PAD = "_"
"""Stands between all symbols and at both ends; the blank of training's alignment."""
_PUNCTUATION = ';:,.!?¡¿—…"«»“” '
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PHONES = (
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'\u0329'ᵻ"
)

SYMBOLS = (PAD, *_PUNCTUATION, *_LETTERS, *_PHONES)
"""178 of them; the apostrophe stands in twice, and counts by its second place."""

SYMBOL_IDS = {symbol: number for number, symbol in enumerate(SYMBOLS)}
