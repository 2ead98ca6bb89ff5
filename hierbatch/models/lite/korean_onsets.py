"""Devoicing of word-initial Korean plain stops.

Between vowels, Korean plain (lenis) stops are voiced; at the start of a phrase they are voiceless and lightly
aspirated (Kim 1965; Cho, Jun and Ladefoged 2002, "Acoustic and aerodynamic correlates of Korean stops and fricatives").
The synthetic speech that the text side was trained on has voiced stops there too, which sound like nasals. Moving the
embeddings of plain stops part of the way to those of the aspirated stops devoices them.

Legend: B batch, N symbols of a row, V symbols of the vocabulary, C channels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hierbatch.frontend.symbols import LANGUAGE_IDS, SEPARATORS, START, SYMBOL_IDS

_ASPIRATED = {"p": "pʰ", "t": "tʰ", "k": "kʰ", "tɕ": "tɕʰ"}
_BEFORE_A_WORD = [SYMBOL_IDS[symbol] for symbol in (START, *SEPARATORS)]


def aspirate_onsets(symbols: Tensor, language: Tensor, table: Tensor, share: float) -> Tensor:
    """Offsets for the symbol embeddings of word-initial Korean plain stops; zero for all other symbols.

    Args:
        symbols: symbol ids.
        language: language id of each row.
        table: embedding table.
        share: 0 for no change, 1 for the embedding of the aspirated stop.

    Shape:
        symbols   [B, N]  long
        language  [B]     long
        table     [V, C]
        returns   [B, N, C]
    """
    is_initial = torch.isin(symbols[:, :-1], symbols.new_tensor(_BEFORE_A_WORD))
    is_initial = torch.nn.functional.pad(is_initial, (1, 0)) & (language == LANGUAGE_IDS["ko"])[:, None]
    shift = torch.zeros_like(table)
    for plain, aspirated in _ASPIRATED.items():
        shift[SYMBOL_IDS[plain]] = share * (table[SYMBOL_IDS[aspirated]] - table[SYMBOL_IDS[plain]])
    return shift[symbols] * is_initial[..., None]
