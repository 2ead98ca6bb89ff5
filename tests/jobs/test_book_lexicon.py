"""Pronunciations that an EPUB brings become rows of its own lexicon."""

from hierbatch.frontend.books.ssml import Pronunciation
from hierbatch.jobs.book_lexicon import read_pronunciations


def test_known_ipa_becomes_rows_of_the_book_and_foreign_sounds_are_counted():
    found = [
        Pronunciation(word="Cholmondeley", phonemes="ˈtʃʌmli", alphabet="ipa"),
        Pronunciation(word="click", phonemes="ǃǂ", alphabet="ipa"),
    ]
    lexicon = read_pronunciations(found, "A Book", "en")
    assert [(row["word"], row["scope"]) for row in lexicon.rows] == [("Cholmondeley", "A Book")]
    assert lexicon.remarks
