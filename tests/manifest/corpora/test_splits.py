from collections import Counter

import pytest

from hierbatch.errors import InputError
from hierbatch.manifest.corpora.splits import check_languages_of_splits, parse_split, split_speakers

SHARES = {"train": 0.8, "dev": 0.1, "test": 0.1}


def test_each_language_is_in_each_split_by_its_share():
    languages = {f"en{i}": "en" for i in range(20)} | {f"ko{i}": "ko" for i in range(10)}
    split = split_speakers(languages, SHARES, seed=1)
    assert split.keys() == languages.keys()
    counted = Counter((languages[speaker], name) for speaker, name in split.items())
    assert counted == {
        ("en", "train"): 16, ("en", "dev"): 2, ("en", "test"): 2,
        ("ko", "train"): 8, ("ko", "dev"): 1, ("ko", "test"): 1,
    }  # fmt: skip


def test_the_split_is_the_same_whatever_order_speakers_come_in_and_another_with_another_seed():
    languages = {f"s{i}": "en" for i in range(30)}
    split = split_speakers(languages, SHARES, seed=1)
    assert split_speakers(dict(reversed(languages.items())), SHARES, seed=1) == split
    assert split_speakers(languages, SHARES, seed=2) != split


@pytest.mark.parametrize("languages", [{"a": "en", "b": "en", "c": "en", "d": "ko"}, {"a": "en", "b": "ko", "c": "ko"}])
def test_no_split_is_empty_even_with_few_speakers(languages):
    assert set(split_speakers(languages, SHARES, seed=0).values()) == set(SHARES)


def test_too_few_speakers_are_reported_with_a_fix():
    with pytest.raises(InputError, match=r"too few speakers.*--split none"):
        split_speakers({"a": "en", "b": "en"}, SHARES, seed=0)
    assert split_speakers({"a": "en"}, parse_split("none"), seed=0) == {"a": "train"}


def test_shares_are_read_from_text():
    assert parse_split("train=0.9, dev=0.1") == {"train": 0.9, "dev": 0.1}


@pytest.mark.parametrize(
    "text", ["", "0.9,0.1", "train=0.9", "train=0.9,dev=0.2", "a=1.5,b=-0.5", "a=0.5,a=0.5", "a/b=1"]
)
def test_shares_that_are_not_clear_are_refused(text):
    with pytest.raises(InputError, match="Invalid split"):
        parse_split(text)


def test_a_split_without_a_language_is_refused_with_a_table():
    rows = [("en", "train"), ("en", "train"), ("en", "dev"), ("en", "test"), ("ko", "train")]
    with pytest.raises(InputError, match=r"en: train 2, dev 1, test 1; ko: train 1, dev 0, test 0.*--allow-missing"):
        check_languages_of_splits(rows, SHARES)
    check_languages_of_splits([*rows, ("ko", "dev"), ("ko", "test")], SHARES)
    check_languages_of_splits([("en", "train"), ("ko", "train")], {"train": 1.0})
