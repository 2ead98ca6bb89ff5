"""Several instances of each kind of text that readers meet, written before they were tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hierbatch.frontend.english.normalization import normalize_english
from hierbatch.frontend.korean.normalization import normalize_korean
from hierbatch.frontend.korean.phonemizer import syllables_to_phones
from hierbatch.frontend.phonemes import split_words
from hierbatch.frontend.speech_text import SpeechFrontEnd

KINDS = Path(__file__).parent / "kinds"


def rows_of(name: str) -> list[list[str]]:
    lines = (KINDS / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s']", " ", text.replace("-", " ")).casefold().split())


@pytest.mark.parametrize(("written", "spoken"), rows_of("english.tsv"))
def test_english(written: str, spoken: str) -> None:
    assert plain(normalize_english(written)) in map(plain, spoken.split("|"))


@pytest.mark.parametrize(("written", "spoken"), rows_of("korean.tsv"))
def test_korean(written: str, spoken: str) -> None:
    assert plain(normalize_korean(written)) in map(plain, spoken.split("|"))


@pytest.mark.parametrize(("written", "spoken"), rows_of("korean_pronounced.tsv"))
def test_korean_pronunciation(written: str, spoken: str) -> None:
    phones = [phone for word, _ in split_words(SpeechFrontEnd().phonemize(written, "ko").phonemes) for phone in word]
    assert tuple(phones) in map(syllables_to_phones, spoken.split("|"))
