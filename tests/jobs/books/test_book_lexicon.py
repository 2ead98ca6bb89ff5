"""Pronunciations that an EPUB brings become rows of its own lexicon."""

from hierbatch.frontend.books.ssml import Pronunciation
from hierbatch.jobs.books.book_lexicon import read_pronunciations


def test_known_ipa_becomes_rows_of_the_book_and_foreign_sounds_are_counted():
    found = [
        Pronunciation(word="Cholmondeley", phonemes="ˈtʃʌmli", alphabet="ipa"),
        Pronunciation(word="click", phonemes="ǃǂ", alphabet="ipa"),
    ]
    lexicon = read_pronunciations(found, "A Book", "en")
    assert [(row["word"], row["scope"]) for row in lexicon.rows] == [("Cholmondeley", "A Book")]
    assert lexicon.remarks


def test_x_sampa_is_read_as_ipa_and_unknown_symbols_are_counted():
    found = [
        Pronunciation(word="thunder", phonemes='"TVnd@`', alphabet="sampa"),
        Pronunciation(word="한글", phonemes="hankMl", alphabet="sampa"),
        Pronunciation(word="pound", phonemes="£", alphabet="sampa"),
        Pronunciation(word="arpa", phonemes="AA1 R", alphabet="arpabet"),
    ]
    lexicon = read_pronunciations(found, "A Book", "en")
    assert [(row["word"], row["pronunciation"]) for row in lexicon.rows] == [("thunder", "ˈθʌndɚ"), ("한글", "hankɯl")]
    assert lexicon.remarks == ("2 pronunciations of the book are left out: their alphabet or symbols are not known",)
