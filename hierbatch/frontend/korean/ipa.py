"""Table of IPA spellings of Korean sounds, with their phones in the shared table."""

from __future__ import annotations

from hierbatch.frontend.ipa import IpaSpelling
from hierbatch.frontend.phonemes import Phones

# fmt: off
_REWRITES: dict[str, Phones] = {
    "b": ("p",), "d": ("t",), "g": ("k",), "ɡ": ("k",), "r": ("ɾ",), "ɹ": ("ɾ",), "ɭ": ("l",), "ʎ": ("l",),
    "ɲ": ("n",), "dʑ": ("tɕ",), "ɕ": ("s",), "ɕ͈": ("s͈",), "ʃ": ("s",), "tʃ": ("tɕʰ",), "ʨ": ("tɕ",),
    "ɦ": ("h",), "ç": ("h",), "x": ("h",), "ɸ": ("h",), "β": ("p",), "ɣ": ("k",), "ə": ("ʌ",), "ɨ": ("ɯ",),
    "æ": ("ɛ",), "ø": ("w", "e"), "y": ("w", "i"), "ɥ": ("w",), "ɰi": ("ɰ", "i"), "ɯi": ("ɰ", "i"), "z": ("s",),
    "f": ("pʰ",), "v": ("p",), "pp": ("p͈",), "tt": ("t͈",), "kk": ("k͈",), "ss": ("s͈",),
}
# fmt: on
_ENGLISH_ONLY = frozenset({"b", "d", "ɡ", "f", "v", "z", "ʃ", "ɹ", "tʃ", "ə", "æ"})

KOREAN_IPA = IpaSpelling(_REWRITES, _ENGLISH_ONLY)
