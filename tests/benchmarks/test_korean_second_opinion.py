"""The words on which g2pk and the engine differ are known."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.korean_second_opinion import differences

TABLES = Path(__file__).parents[1] / "frontend" / "korean"


@pytest.mark.skipif(find_spec("g2pk") is None, reason="g2pk cannot be installed on this Python")
def test_differences_are_those_of_the_table() -> None:
    def rows(name: str) -> list[list[str]]:
        lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
        return [line.split("\t") for line in lines if line and not line.startswith("#")]

    words = dict.fromkeys(word for row in rows("standard_pronunciation.tsv") for word in re.findall("[가-힣]+", row[1]))
    assert [list(found) for found in differences(words)] == rows("second_opinion.tsv")
