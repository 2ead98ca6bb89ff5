from __future__ import annotations

from pathlib import Path

import pytest

from hierbatch.errors import InputError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.frontend.speech_text import SpeechFrontEnd

HEADER = "word,pronunciation,kind,language,scope\n"


def lexicon(tmp_path: Path, *rows: str) -> Lexicon:
    path = tmp_path / "lexicon.csv"
    path.write_text(HEADER + "".join(row + "\n" for row in rows), encoding="utf-8")
    return Lexicon.read(path)


def words_of(lexicon: Lexicon, text: str, language: str = "en") -> dict[str, str]:
    spoken = SpeechFrontEnd(lexicon).phonemize(text, language)
    groups = [group.strip() for group in spoken.phonemes.translate(str.maketrans(",.?!", "||||")).split("|")]
    return dict(zip(spoken.text_norm.split(), groups, strict=False))


def test_ipa_is_spoken_as_given_and_keeps_the_written_word(tmp_path: Path) -> None:
    said = words_of(lexicon(tmp_path, "Nguyen,wɪn,ipa,en,"), "Mr. Nguyen left.")
    assert said["Nguyen"] == "w ˈɪ n"


@pytest.mark.parametrize(
    ("word", "ipa", "phones"),
    [
        ("Bach", "bɑːx", "b ˈɑ k"),
        ("Jung", "jʊŋ", "j ˈʊ ŋ"),
        ("about", "əˈbaʊt", "ə b ˈaʊ t"),
        ("church", "t͡ʃɜːrtʃ", "tʃ ˈɝ tʃ"),
        ("banana", "bəˈnænə", "b ə n ˈæ n ə"),
        ("station", "ˈsteɪ.ʃən", "s t ˈeɪ ʃ ə n"),
    ],
)
def test_ipa_of_dictionaries_is_read_into_the_table(tmp_path: Path, word: str, ipa: str, phones: str) -> None:
    assert words_of(lexicon(tmp_path, f"{word},{ipa},ipa,en,"), f"{word}.")[word] == phones


def test_capitals_of_a_respelling_carry_the_stress(tmp_path: Path) -> None:
    said = words_of(lexicon(tmp_path, "Hermione,her-MY-oh-nee,respelling,en,"), "Hermione waits.")
    assert said["Hermione"] == "h ɝ m ˈaɪ oʊ n i"


def test_possessives_follow_their_last_sound(tmp_path: Path) -> None:
    entries = lexicon(tmp_path, "Nguyen,wɪn,ipa,en,", "Bach,bɑːx,ipa,en,", "Liszt,lɪs,ipa,en,")
    assert words_of(entries, "Nguyen's")["Nguyen's"] == "w ˈɪ n z"
    assert words_of(entries, "Bach's")["Bach's"] == "b ˈɑ k s"
    assert words_of(entries, "Liszt's")["Liszt's"] == "l ˈɪ s ɪ z"


def test_the_longest_entry_wins(tmp_path: Path) -> None:
    entries = lexicon(tmp_path, "York,jɪk,ipa,en,", "New York,nɪ ˈjæk,ipa,en,")
    spoken = SpeechFrontEnd(entries).phonemize("York, New York.", "en")
    assert spoken.phonemes == "j ˈɪ k , n ˈɪ | j ˈæ k ."


def test_a_phrase_of_several_words_keeps_its_words(tmp_path: Path) -> None:
    spoken = SpeechFrontEnd(lexicon(tmp_path, "Rolls Royce,ˌroʊlz ˈrɔɪs,ipa,en,")).phonemize(
        "A Rolls  Royce came.", "en"
    )
    assert spoken.text_norm == "a Rolls Royce came"
    assert "ɹ ˌoʊ l z | ɹ ˈɔɪ s" in spoken.phonemes


def test_a_phrase_spoken_as_one_word_stays_one(tmp_path: Path) -> None:
    spoken = SpeechFrontEnd(lexicon(tmp_path, "St. John,ˈsɪndʒən,ipa,en,")).phonemize("Mr. St. John came.", "en")
    assert spoken.text_norm.split()[1] == "St.-John"
    assert "| s ˈɪ n dʒ ə n |" in spoken.phonemes


def test_case_counts_only_where_the_entry_has_capitals(tmp_path: Path) -> None:
    entries = lexicon(tmp_path, "Polish,poʊlɪʃ,ipa,en,", "tomato,təˈmɑːtoʊ,ipa,en,")
    assert words_of(entries, "Polish boots.")["Polish"] == "p ˈoʊ l ɪ ʃ"
    assert words_of(entries, "We polish boots.")["polish"] == "p ˈɑ l ɪ ʃ"
    assert words_of(entries, "Tomato soup.")["tomato"] == "t ə m ˈɑ t oʊ"


def test_entries_match_whole_words_only(tmp_path: Path) -> None:
    said = words_of(lexicon(tmp_path, "cat,kɪt,ipa,en,"), "The cat saw a catalog.")
    assert said["cat"] == "k ˈɪ t"
    assert said["catalog"].startswith("k ˈæ")


def test_entries_are_found_before_the_text_is_normalized(tmp_path: Path) -> None:
    said = words_of(lexicon(tmp_path, "R2-D2,ˈɑːtuː,ipa,en,"), "Call R2-D2 now.")
    assert said["R2-D2"] == "ˈɑ t u"


def test_a_korean_respelling_takes_its_particle_along(tmp_path: Path) -> None:
    front_end = SpeechFrontEnd(lexicon(tmp_path, "독립문,동닙문,respelling,ko,"))
    assert front_end.phonemize("독립문이 크다.", "ko").text_norm == "독립문이 크다"
    assert front_end.phonemize("독립문이 크다.", "ko").phonemes.startswith("t o ŋ n i m m u n i |")


def test_korean_ipa_is_followed_by_its_particle(tmp_path: Path) -> None:
    said = words_of(lexicon(tmp_path, "Harry,hɛɾi,ipa,ko,"), "Harry는 간다.", "ko")
    assert said["Harry는"] == "h ɛ ɾ i n ɯ n"


def test_a_korean_entry_is_not_found_inside_another_word(tmp_path: Path) -> None:
    said = words_of(lexicon(tmp_path, "나비,나뷔,respelling,ko,"), "나비효과와 나비를.", "ko")
    assert said["나비효과와"].startswith("n a p i")
    assert said["나비를"].startswith("n a p w i")


def test_the_book_s_own_entry_wins(tmp_path: Path) -> None:
    entries = lexicon(tmp_path, "Ada,eɪdə,ipa,en,", "Ada,ɑdə,ipa,en,novel", "Bob,bɑb,ipa,en,other")
    assert words_of(entries.scoped("novel"), "Ada.")["Ada"] == "ˈɑ d ə"
    assert words_of(entries.scoped("essay"), "Ada.")["Ada"] == "ˈeɪ d ə"
    assert [entry.word for entry in entries.scoped("novel").entries] == ["Ada"]
    assert words_of(entries.scoped(""), "Ada.")["Ada"] == "ˈeɪ d ə"  # rows outside any book


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("cat,kʘt,ipa,en,", "row 2.*ʘ"),
        ("cat,kat,sound,en,", "row 2.*kind is 'sound'"),
        ("cat,kat,ipa,fr,", "row 2.*language is 'fr'"),
        (",kat,ipa,en,", "row 2.*word is empty"),
        ("cat,,ipa,en,", "row 2.*pronunciation is empty"),
    ],
)
def test_a_bad_row_is_named_with_its_fault(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        lexicon(tmp_path, row)


def test_unknown_symbols_come_with_the_allowed_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Expected: .*tɕ͈.*æ"):
        lexicon(tmp_path, "cat,kʘt,ipa,en,")


def test_a_word_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 3: 'cat' occurs twice"):
        lexicon(tmp_path, "cat,kæt,ipa,en,", "cat,kɪt,ipa,en,")


def test_wrong_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.csv"
    path.write_text("word,ipa\ncat,kæt\n", encoding="utf-8")
    with pytest.raises(InputError, match="pronunciation"):
        Lexicon.read(path)


@pytest.mark.parametrize("content", [b"word,pronunciation,kind,language\n\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "lexicon.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        Lexicon.read(path)


def test_a_lexicon_without_end_is_refused() -> None:
    with pytest.raises(InputError, match="more than 32 MB"):
        Lexicon.read(Path("/dev/zero"))
