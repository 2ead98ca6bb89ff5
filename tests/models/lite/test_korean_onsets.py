"""Only Korean's plain stops that begin a word move, and part of the way to their aspirated sisters."""

import torch

from hierbatch.frontend.phonemes import encode
from hierbatch.frontend.symbols import SYMBOL_IDS, SYMBOLS
from hierbatch.models.lite.korean_onsets import aspirate_onsets


def test_only_plain_onsets_of_korean_words_move() -> None:
    torch.manual_seed(0)
    table = torch.randn(len(SYMBOLS), 4)
    ids = encode("p a p a | m a t a . tɕ a .", "ko")
    symbols = torch.tensor([ids.symbols, ids.symbols])
    moved = aspirate_onsets(symbols, torch.tensor([ids.language, 1 - ids.language]), table, 0.25)
    expected = {1: ("p", "pʰ"), len(ids.symbols) - 3: ("tɕ", "tɕʰ")}
    for place in range(len(ids.symbols)):
        if place in expected:
            plain, aspirated = (table[SYMBOL_IDS[symbol]] for symbol in expected[place])
            torch.testing.assert_close(moved[0, place], 0.25 * (aspirated - plain))
        else:
            assert not moved[0, place].any()
    assert not moved[1].any()
