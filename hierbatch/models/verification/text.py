"""The text cases: English sentences, and the symbols the published system numbered them by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hierbatch.errors import InputError, TextError
from hierbatch.frontend.published_english import BRACKETS, published_ids, published_phonemes, with_blanks
from hierbatch.models.golden import GoldenCase
from hierbatch.models.verification.comparison import Checked, Comparison, GoldenNetworks

_OLD = "_phonemizer_3_2_1"


def check_text(case: GoldenCase, _networks: GoldenNetworks) -> Checked:
    """Every sentence of the case to numbers.

    The case holds what two versions of phonemizer give. A sentence is right where it is what either gives, brackets
    left out, and where both fail it must fail too.
    """
    try:
        sentences = list(json.loads(case.path.read_text(encoding="utf-8"))["cases"])
        return [_check(f"text {number}", sentence) for number, sentence in enumerate(sentences)]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"The golden case {case.path} cannot be read", got=repr(error)) from error


def _check(name: str, sentence: Mapping[str, Any]) -> Comparison:
    try:
        found = with_blanks(published_ids(published_phonemes(sentence["text"])))
    except TextError:
        found = []
    wanted = _acceptable(sentence)
    best = found if found in wanted else wanted[0]
    return Comparison(name, _tensor(found), _tensor(best), 0.0)


def _acceptable(sentence: Mapping[str, Any]) -> list[list[int]]:
    """What is right for a sentence; the first is what is told where nothing fits."""
    acceptable = []
    if not sentence.get("error"):
        acceptable.append(list(sentence["interspersed"]))
    if sentence.get(f"ids{_OLD}"):
        acceptable.append(with_blanks(sentence[f"ids{_OLD}"]))
    try:
        phonemes = str(sentence.get("phonemes") or "").translate(BRACKETS)
        acceptable.append(with_blanks(published_ids(" ".join(phonemes.split()))) if phonemes.strip() else [])
    except TextError:
        acceptable.append([])
    return acceptable


def _tensor(ids: list[int]) -> Tensor:
    return torch.tensor(ids, dtype=torch.int64)
