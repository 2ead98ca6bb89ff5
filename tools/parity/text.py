"""Golden checks of the text front end: English sentences and their symbol ids in the published system."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hierbatch.errors import InputError, TextError
from hierbatch.models.hierspeechpp.english_text import BRACKETS, espeak_phonemes, intersperse_blanks, symbol_ids
from tools.parity.comparison import CaseResult, GoldenNetworks, OutputCheck
from tools.parity.golden import GoldenCase

_OLD_SUFFIX = "_phonemizer_3_2_1"


def check_text(case: GoldenCase, _networks: GoldenNetworks) -> CaseResult:
    """Compare the symbol ids of every sentence.

    The case stores the output of two versions of phonemizer. A sentence passes if its ids are those of
    either version without brackets; if both versions fail on the sentence, ours must fail, too.
    """
    try:
        sentences = list(json.loads(case.path.read_text(encoding="utf-8"))["cases"])
        return [_check(f"text {number}", sentence) for number, sentence in enumerate(sentences)]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"The golden case {case.path} cannot be read", got=repr(error)) from error


def _check(name: str, sentence: Mapping[str, Any]) -> OutputCheck:
    try:
        found = intersperse_blanks(symbol_ids(espeak_phonemes(sentence["text"])))
    except TextError:
        found = []
    wanted = _acceptable(sentence)
    best = found if found in wanted else wanted[0]
    return OutputCheck(name, _tensor(found), _tensor(best), 0.0)


def _acceptable(sentence: Mapping[str, Any]) -> list[list[int]]:
    """Acceptable ids of a sentence; the first entry is reported if none matches."""
    acceptable = []
    if not sentence.get("error"):
        acceptable.append(list(sentence["interspersed"]))
    if sentence.get(f"ids{_OLD_SUFFIX}"):
        acceptable.append(intersperse_blanks(sentence[f"ids{_OLD_SUFFIX}"]))
    try:
        phonemes = str(sentence.get("phonemes") or "").translate(BRACKETS)
        acceptable.append(intersperse_blanks(symbol_ids(" ".join(phonemes.split()))) if phonemes.strip() else [])
    except TextError:
        acceptable.append([])
    return acceptable


def _tensor(ids: list[int]) -> Tensor:
    return torch.tensor(ids, dtype=torch.int64)
