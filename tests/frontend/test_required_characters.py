import random
import re
import string
from importlib.resources import files

import pytest

from hierbatch.frontend.characters import clean_characters
from hierbatch.frontend.english.normalization import ENGLISH_RULES
from hierbatch.frontend.korean.normalization import KOREAN_RULES
from hierbatch.frontend.required_characters import TextFacts, find_needs
from hierbatch.frontend.stored_needs import FILE_NAME, stored_needs
from tools.rule_needs import needs_table

PIECES = [
    "Mr.",
    "No.",
    "St.",
    "Dr.",
    "vs.",
    "etc.",
    "i.e.",
    "p.m.",
    "a.m.",
    "3:45",
    "1,500",
    "$3.50",
    "£2m",
    "20%",
    "5kg",
    "10°C",
    "II",
    "IV",
    "Chapter",
    "XIV.",
    "1984",
    "1990s",
    "3rd",
    "1/2",
    "½",
    "May",
    "5,",
    "1999-05-05",
    "www.a.com",
    "x@y.org",
    "#1",
    "C++",
    "ABC",
    "U.S.A.",
    "'tis",
    "o'",
    "—",
    "–",
    "...",
    "…",
    "?!",
    ";",
    ":",
    "(",
    ")",
    "[3]",
    "*",
    "_",
    "~",
    "+",
    "=",
    "&",
    "01632",
    "960001",
    "ⅷ",
    "m²",
    "CO₂",
    "3시",
    "30분",
    "1,500원",
    "20살",
    "人間",
    "을(를)",
    "5명",
    "2024년",
    "K팝",
    "○○",
    "3·1",
    "10~20",
    "%",
    "㎏",
    "ſT",
    "KELVIN",
    "İI",
    "Psalm",
    "23:1",
    "v.",
    "vol.",
    "$",
    "€5",
]


def texts(n):
    rng = random.Random(1)
    for _ in range(n):
        yield rng.choice(("", " ")).join(rng.choices(PIECES, k=rng.randint(1, 6)))


@pytest.mark.parametrize("rules", [ENGLISH_RULES, KOREAN_RULES])
def test_a_rule_is_left_out_only_where_it_cannot_match(rules):
    n_tried = n_matched = 0
    for text in texts(400):
        facts = TextFacts(text)
        for rule in rules:
            is_tried = facts.may_match(rule.needs)
            is_matched = rule.pattern.search(text) is not None
            assert is_tried or not is_matched, (rule.name, text)
            n_tried, n_matched = n_tried + is_tried, n_matched + is_matched
    assert n_matched > 500
    assert n_tried < 0.3 * 400 * len(rules)


@pytest.mark.parametrize("rules", [ENGLISH_RULES, KOREAN_RULES])
def test_rules_give_what_they_give_one_by_one(rules):
    for text in map(clean_characters, texts(300)):
        expected = text
        for rule in rules:
            expected = rule.pattern.sub(rule.replacement, expected)
        assert rules.apply(text) == expected


def test_the_stored_needs_are_those_of_the_rules():
    stored = files("hierbatch.frontend") / FILE_NAME
    assert stored.read_text(encoding="utf-8") == needs_table(), "run python -m tools.rule_needs"
    unknown = r"(?:No|Nr)\.\s?(?=\d)"
    assert stored_needs(unknown, re.IGNORECASE) == find_needs(re.compile(unknown, re.IGNORECASE))


def test_letters_match_in_every_case_that_the_engine_knows():
    characters = [chr(code) for code in range(0x3000)]
    for letter in string.ascii_letters + ".-":
        pattern = re.compile(re.escape(letter), re.IGNORECASE)
        for word in (pattern, re.compile(f"a{re.escape(letter)}", re.IGNORECASE)):
            prefix = "a" if word is not pattern else ""
            matching = [char for char in characters if pattern.fullmatch(char)]
            assert all(TextFacts(prefix + char).may_match(find_needs(word)) for char in matching)


@pytest.mark.parametrize(
    ("pattern", "characters", "words"),
    [
        (r"No\.\s?(?=\d)", {"N", "o", ".", "\\d"}, {"No."}),
        (r"(?:Mr|Mrs|Dr)\.", {"MD", "."}, {"Dr.", "Mr.", "Mrs."}),
        (r"(?i:chapter|part) \d+", {"cCpP", " ", "\\d"}, {"chapter", "part"}),
        (r"[AB]+|\d", {"AB\\d"}, set()),
        (r"a*b?(?!c)[^d]", set(), set()),
        (r"(?<=\d)x{2,3}", {"\\d", "x"}, set()),
    ],
)
def test_what_a_pattern_needs(pattern, characters, words):
    needs = find_needs(re.compile(pattern))
    for text, is_enough in (("".join(sorted(characters)) + " ".join(words) + "1", True), ("", not characters)):
        assert TextFacts(text).may_match(needs) == is_enough
    assert {word.rstrip(".") for word in needs.words} == {word.rstrip(".") for word in words}
    assert len(needs.characters) <= max(len(characters), 8)
