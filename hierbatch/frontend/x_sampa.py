"""X-SAMPA (Wells 1995), the ASCII spelling of IPA in pronunciation lexicons and speech markup."""

from __future__ import annotations

# fmt: off
_SYMBOLS = {
    "b_<": "ɓ", "d`": "ɖ", "d_<": "ɗ", "g_<": "ɠ", "h\\": "ɦ", "j\\": "ʝ", "l`": "ɭ", "l\\": "ɺ", "n`": "ɳ",
    "p\\": "ɸ", "r`": "ɽ", "r\\`": "ɻ", "r\\": "ɹ", "s`": "ʂ", "s\\": "ɕ", "t`": "ʈ", "v\\": "ʋ", "x\\": "ɧ",
    "z`": "ʐ", "z\\": "ʑ", "A": "ɑ", "B\\": "ʙ", "B": "β", "C": "ç", "D": "ð", "E": "ɛ", "F": "ɱ", "G\\_<": "ʛ",
    "G\\": "ɢ", "G": "ɣ", "H\\": "ʜ", "H": "ɥ", "I\\": "ɨ\u031e", "I": "ɪ", "J\\_<": "ʄ", "J\\": "ɟ", "J": "ɲ",
    "K\\": "ɮ", "K": "ɬ", "L\\": "ʟ", "L": "ʎ", "M\\": "ɰ", "M": "ɯ", "N\\": "ɴ", "N": "ŋ", "O\\": "ʘ", "O": "ɔ",
    "P": "ʋ", "Q": "ɒ", "R\\": "ʀ", "R": "ʁ", "S": "ʃ", "T": "θ", "U\\": "ʊ\u0308", "U": "ʊ", "V": "ʌ", "W": "ʍ",
    "X\\": "ħ", "X": "χ", "Y": "ʏ", "Z": "ʒ", "g": "ɡ", "@`": "ɚ", "@\\": "ɘ", "@": "ə", "{": "æ", "}": "ʉ",
    "1": "ɨ", "2": "ø", "3`": "ɝ", "3\\": "ɞ", "3": "ɜ", "4": "ɾ", "5": "ɫ", "6": "ɐ", "7": "ɤ", "8": "ɵ", "9": "œ",
    "&": "ɶ", "?\\": "ʕ", "?": "ʔ", "<\\": "ʢ", ">\\": "ʡ", "!\\": "ǃ", "|\\|\\": "ǁ", "|\\": "ǀ", "=\\": "ǂ",
    "-\\": "‿", '"': "ˈ", "%": "ˌ", ".": ".", "'": "ʲ", ":\\": "ˑ", ":": "ː", "-": "", "||": "‖", "|": "|",
    "^": "ꜛ", "!": "ꜜ", "`": "˞", "~": "\u0303", "=": "\u0329", "#": "", "_h": "ʰ", "_j": "ʲ", "_w": "ʷ", "_G": "ˠ",
    "_?\\": "ˤ", "_>": "ʼ", "_}": "\u031a", "_~": "\u0303", "_=": "\u0329", "_^": "\u032f", "_0": "\u0325",
    "_v": "\u032c", "_d": "\u032a", "_n": "ⁿ", "_l": "ˡ", "_t": "\u0324", "_k": "\u0330", "_\"": "\u0308",
    "_+": "\u031f", "_-": "\u0320", "_r": "\u031d", "_o": "\u031e", "_a": "\u033a", "_m": "\u033b", "_c": "\u031c",
    "_O": "\u0339", "_A": "\u0318", "_q": "\u0319", "_x": "\u033d", "_X": "\u0306", "_e": "\u0334", "_N": "\u033c",
    "_T": "˥", "_H": "˦", "_M": "˧", "_L": "˨", "_B": "˩",
    **{letter: letter for letter in "abcdefhijklmnopqrstuvwxyz "},
}
# fmt: on
_LONGEST = max(map(len, _SYMBOLS))


def x_sampa_to_ipa(text: str) -> str | None:
    """Convert X-SAMPA to IPA; None if a symbol is unknown.

    >>> [x_sampa_to_ipa(text) for text in ('"wOt@', "sIN", "t_hA:r`", "£")]
    ['ˈwɔtə', 'sɪŋ', 'tʰɑːɽ', None]
    """
    found: list[str] = []
    position = 0
    while position < len(text):
        sizes = range(min(_LONGEST, len(text) - position), 0, -1)
        size = next((size for size in sizes if text[position : position + size] in _SYMBOLS), 0)
        if not size:
            return None
        found.append(_SYMBOLS[text[position : position + size]])
        position += size
    return "".join(found)
