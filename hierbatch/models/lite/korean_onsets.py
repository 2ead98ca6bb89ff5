"""Korean's plain stops at the start of a word, said with less voice than the teacher of the text side says them.

Between vowels Korean's plain (lenis) stops are voiced; at the start of a phrase they are voiceless and lightly
aspirated (Kim 1965; Cho, Jun and Ladefoged 2002, "Acoustic and aerodynamic correlates of Korean stops and fricatives").
A teacher that voices them there is heard to say nasals. Part of the way to the aspirated stop's symbol lies what a
Korean would say.

Legend: B batch, N symbols, C channels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hierbatch.frontend.symbols import LANGUAGE_IDS, SEPARATORS, START, SYMBOL_IDS

_ASPIRATED = {"p": "pʰ", "t": "tʰ", "k": "kʰ", "tɕ": "tɕʰ"}
_BEFORE_A_WORD = [SYMBOL_IDS[symbol] for symbol in (START, *SEPARATORS)]


def aspirate_onsets(symbols: Tensor, language: Tensor, table: Tensor, share: float) -> Tensor:
    """What to add to the embeddings of Korean plain stops that begin a word.

    Shape:
        symbols   [B, N]  long
        language  [B]     long
        table     [symbols, C]  the embedding table
        returns   [B, N, C]
    """
    opens = torch.isin(symbols[:, :-1], symbols.new_tensor(_BEFORE_A_WORD))
    opens = torch.nn.functional.pad(opens, (1, 0)) & (language == LANGUAGE_IDS["ko"])[:, None]
    shift = torch.zeros_like(table)
    for plain, aspirated in _ASPIRATED.items():
        shift[SYMBOL_IDS[plain]] = share * (table[SYMBOL_IDS[aspirated]] - table[SYMBOL_IDS[plain]])
    return shift[symbols] * opens[..., None]
