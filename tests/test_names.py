"""Names in any normalization form find the same files, and spellings of one name are one name."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.errors import InputError
from hierbatch.jobs.corpora.corpus_texts import read_texts
from hierbatch.names import clean_name, find_path, group_spellings, is_utf8, name_key, printable_name
from hierbatch.object_path import local_path, parse_path

_FORMS = ("NFC", "NFD")


@pytest.mark.parametrize("stored", _FORMS)
@pytest.mark.parametrize("typed", _FORMS)
def test_a_path_is_found_in_either_form(tmp_path, stored, typed):
    folder = tmp_path / unicodedata.normalize(stored, "서울")
    folder.mkdir()
    file = folder / unicodedata.normalize("NFD" if stored == "NFC" else "NFC", "회의 é.wav")
    file.touch()
    asked = tmp_path / unicodedata.normalize(typed, "서울") / unicodedata.normalize(typed, "회의 é.wav")
    for parse in (find_path, local_path, parse_path):
        assert parse(asked) == file


def test_a_name_in_mixed_forms_is_found_by_listing_its_folder(tmp_path):
    mixed = unicodedata.normalize("NFC", "가") + unicodedata.normalize("NFD", "나") + ".wav"
    (tmp_path / mixed).touch()
    assert find_path(tmp_path / unicodedata.normalize("NFC", "가나.wav")).name == mixed
    (tmp_path / mixed).rename(tmp_path / "다.wav")  # the listing is not remembered
    assert find_path(tmp_path / unicodedata.normalize("NFC", "가나.wav")).name == unicodedata.normalize(
        "NFC", "가나.wav"
    )


def test_a_path_without_a_file_stays_as_typed(tmp_path):
    missing = tmp_path / "서울" / "없음.wav"
    assert find_path(missing) == missing


@given(st.text(max_size=20))
def test_keys_do_not_depend_on_form_case_or_spaces(text):
    assert name_key(unicodedata.normalize("NFD", text)) == name_key(unicodedata.normalize("NFC", text))
    assert name_key(f"  {text} ") == name_key(text)
    assert name_key(clean_name(text)) == name_key(text)


def test_spellings_are_grouped_and_equal_names_are_not():
    names = ["Park", "김민수", "park ", unicodedata.normalize("NFD", "김민수"), "Lee", "Lee"]
    assert group_spellings(names) == [("Park", "park "), ("김민수", unicodedata.normalize("NFD", "김민수"))]


def test_bytes_that_are_not_utf8_can_be_printed():
    name = os.fsdecode(b"a\xff.wav")
    assert not is_utf8(name)
    assert printable_name(name) == "a\\udcff.wav"
    assert is_utf8("한국어.wav")


def test_a_command_refuses_a_path_that_is_not_utf8_and_reads_such_files_of_a_folder(tmp_path):
    odd = tmp_path / os.fsdecode(b"a\xff.csv")
    odd.write_text("id,text\na,Hello there.\n")
    (tmp_path / os.fsdecode(b"b\xff.txt")).write_text("A first sentence of a text. And a second one.")
    for parse in (local_path, parse_path):
        with pytest.raises(InputError, match=r"not valid UTF-8(.|\n)*a\\udcff\.csv"):
            parse(odd)
    texts = read_texts([tmp_path], "en")
    assert [text.ref.partition(":")[0] for text in texts] == ["a", "b\\udcff", "b\\udcff"]
