"""Pauses without punctuation: positions in the phrase, choice of the boundaries, and independence of the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hierbatch.frontend.phonemes import PhonemeIds, encode
from hierbatch.frontend.symbols import SYMBOL_IDS
from hierbatch.models.lite.pauses import PauseInputs, PausePredictor, insert_pauses, phrase_features
from tests.tiny_lite import tiny_config

SENTENCE = encode("ð ə | k w ˈɪ k , b ɹ ˈaʊ n | f ˈɑ k s | s æ t | d ˈaʊ n .", "en")
SURE, UNLIKELY = 20.0, -20.0


def commas(ids: PhonemeIds) -> list[int]:
    """Numbers of the words that a comma follows."""
    separators = [symbol for symbol in ids.symbols if symbol in (SYMBOL_IDS["|"], SYMBOL_IDS[","], SYMBOL_IDS["."])]
    return [number for number, symbol in enumerate(separators) if symbol == SYMBOL_IDS[","]]


def test_phrase_features_are_distances_in_phones_from_punctuation() -> None:
    back, ahead, is_mark, total = phrase_features(SENTENCE.symbols).T
    np.testing.assert_allclose(np.expm1(back + 3), [2, 6, 4, 8, 11, 14], rtol=1e-5)
    np.testing.assert_allclose(np.expm1(ahead + 3), [4, 0, 10, 6, 3, 0], atol=1e-5)
    assert is_mark.tolist() == [0, 1, 0, 0, 0, 1]
    np.testing.assert_allclose(np.expm1(total + 4), 20, rtol=1e-5)


def test_certain_pauses_become_commas_and_punctuation_is_kept() -> None:
    logits = np.array([UNLIKELY, UNLIKELY, SURE, UNLIKELY, SURE, SURE], np.float32)
    assert commas(insert_pauses(SENTENCE, logits, 1.0)) == [1, 2, 4]
    assert len(insert_pauses(SENTENCE, logits, 1.0).symbols) == len(SENTENCE.symbols)


@pytest.mark.parametrize(("rate", "expected"), [(0.0, [1]), (0.5, [1, 3]), (1.0, [1, 3, 4]), (9.0, [0, 1, 2, 3, 4])])
def test_the_likeliest_boundaries_are_chosen_until_the_expected_number_is_reached(
    rate: float, expected: list[int]
) -> None:
    probabilities = np.array([0.3, 0.9, 0.4, 0.7, 0.6, 0.9])  # 2.0 at the four boundaries without punctuation
    logits = np.log(probabilities / (1 - probabilities)).astype(np.float32)
    assert commas(insert_pauses(SENTENCE, logits, rate)) == expected


@torch.no_grad()
def test_a_row_is_independent_of_its_batch() -> None:
    torch.manual_seed(0)
    network = PausePredictor(tiny_config()).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    short = encode("h aɪ | ð ɛ ɹ .", "en")
    hidden = torch.randn(2, len(SENTENCE.symbols), tiny_config().text_width)
    both = network(PauseInputs.from_ids([short, SENTENCE], hidden))
    alone = network(PauseInputs.from_ids([short], hidden[:1, : len(short.symbols)]))
    torch.testing.assert_close(both[:1, :2], alone)
