from __future__ import annotations

from itertools import pairwise

import pytest

from hierbatch.frontend.korean.hanja import HANJA_RULES
from hierbatch.frontend.rules import RuleTable
from hierbatch.frontend.tables import read_lines

FIRST_ROW, LAST_ROW = 0xCA, 0xFD
"""The rows of KS X 1001 that hold Hanja."""


def standard_order() -> dict[str, int]:
    """The Hanja of KS X 1001 by their place, from Python's own codec; the standard sorts them by reading."""
    codes = [bytes([row, cell]) for row in range(FIRST_ROW, LAST_ROW + 1) for cell in range(0xA1, 0xFF)]
    return {code.decode("euc_kr"): place for place, code in enumerate(codes)}


def test_readings_run_in_the_order_of_the_standard() -> None:
    order = standard_order()
    readings = {hanja: line[0] for line in read_lines("korean/hanja_readings.txt") for hanja in line[2:]}
    in_order = sorted(readings, key=order.__getitem__)
    out_of_order = [hanja for before, hanja in pairwise(in_order) if readings[hanja] < readings[before]]
    assert len(readings) > 4500
    assert len(out_of_order) < 15  # those few whose usual reading is not the one they are filed under (率, 不, 宅)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("女子", "여자"), ("男女", "남녀"), ("歷史", "역사"), ("來日", "내일"), ("老人", "노인"), ("羅列", "나열"),
        ("比率", "비율"), ("法律", "법률"), ("運律", "운율"), ("不當", "부당"), ("不正", "부정"), ("不安", "불안"),
        ("六月", "유월"), ("十月", "시월"), ("五月", "오월"), ("音樂", "음악"), ("大韓民國", "대한민국"), ("龍", "용"),
        ("恐龍", "공룡"), ("快樂", "쾌락"), ("自轉車", "자전거"), ("復活", "부활"),
        ("復舊", "복구"), ("新人力車夫", "신인력거부"),
    ],
)  # fmt: skip
def test_words_follow_the_initial_sound_law(written: str, read: str) -> None:
    assert RuleTable(HANJA_RULES).apply(written) == read
