"""Durations are corrected by language and kind of symbol, and no others are."""

import pytest
import torch

from hierbatch.frontend.symbols import LANGUAGE_IDS, SYMBOL_IDS, SYMBOLS
from hierbatch.models.lite.duration_factors import DurationFactors

_TOKENS = ("^", "a", "|", "m", "|", "n", ",", "i", ".")
_FRAMES = torch.tensor([2.0, 5.0, 1.0, 4.0, 8.0, 3.0, 10.0, 6.0, 12.0])


def corrected(language, **synthesis):
    scale = DurationFactors(synthesis, len(SYMBOLS))
    symbols = torch.tensor([[SYMBOL_IDS[token] for token in _TOKENS]])
    return torch.expm1(scale(torch.log1p(_FRAMES)[None], symbols, torch.tensor([LANGUAGE_IDS[language]])))[0]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("phone_duration_ko", [2, 10, 1, 8, 8, 6, 10, 12, 12]),
        ("comma_pause_ko", [2, 5, 1, 4, 8, 3, 20, 6, 12]),
        ("word_pause_ko", [2, 5, 1, 4, 16, 3, 10, 6, 12]),  # one frame between words is no pause
    ],
)
def test_a_factor_applies_to_its_own_symbols_of_its_own_language(setting, expected):
    torch.testing.assert_close(corrected("ko", **{setting: 2.0}), torch.tensor(expected, dtype=torch.float32))
    torch.testing.assert_close(corrected("en", **{setting: 2.0}), _FRAMES)


def test_added_commas_have_a_factor_of_their_own():
    scale = DurationFactors({"comma_pause_en": 0.5, "added_pause_en": 3.0}, len(SYMBOLS))
    symbols = torch.tensor([[SYMBOL_IDS[","]] * 2])
    frames = scale(torch.log1p(torch.tensor([[8.0, 8.0]])), symbols, torch.tensor([0]), torch.tensor([[True, False]]))
    torch.testing.assert_close(torch.expm1(frames), torch.tensor([[24.0, 4.0]]))


def test_without_settings_durations_stay_unchanged():
    torch.testing.assert_close(corrected("ko"), _FRAMES)
