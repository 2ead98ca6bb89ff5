"""Syllables of words in both languages, and their distribution over written syllables."""

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.scores.score import MusicScore, Note
from hierbatch.frontend.singing.lyrics import divide_syllables, group_words, phonemize_words
from hierbatch.frontend.singing.phrases import Song
from hierbatch.frontend.singing.song import song_from_score
from hierbatch.frontend.singing.syllables import split_syllables
from hierbatch.frontend.speech_text import SpeechFrontEnd


@pytest.mark.parametrize(
    ("phones", "language", "syllables"),
    [
        ("ə m ˈeɪ z ɪ ŋ", "en", "ə.m ˈeɪ.z ɪ ŋ"),
        ("w ˈʌ n d ɚ", "en", "w ˈʌ n.d ɚ"),
        ("ɛ k s t ɹ ə", "en", "ɛ k.s t ɹ ə"),
        ("ɪ m p ˈoʊ z", "en", "ɪ m.p ˈoʊ z"),
        ("s ˈɪ ŋ ɪ ŋ", "en", "s ˈɪ ŋ.ɪ ŋ"),
        ("æ t l ə s", "en", "æ t.l ə s"),
        ("d ˈaɪ ə m ə n d", "en", "d ˈaɪ.ə.m ə n d"),
        ("h m", "en", "h m"),
        ("a ɾ i ɾ a ŋ", "ko", "a.ɾ i.ɾ a ŋ"),
        ("k a n t a", "ko", "k a n.t a"),
        ("p j ʌ ŋ w ʌ n", "ko", "p j ʌ ŋ.w ʌ n"),
        ("n ʌ m ʌ", "ko", "n ʌ.m ʌ"),
        ("p a l p j ʌ ŋ", "ko", "p a l.p j ʌ ŋ"),
    ],
)
def test_words_divide_into_syllables(phones, language, syllables):
    found = split_syllables(tuple(phones.split()), language)
    assert ".".join(" ".join(syllable.phones) for syllable in found) == syllables


@pytest.mark.parametrize(
    ("written", "n_syllables", "counts"),
    [([1, 1], 2, [1, 1]), ([1, 1, 1], 2, [1, 0, 1]), ([1], 3, [3]), ([2, 1], 3, [2, 1]), ([1, 1], 5, [2, 3])],
)
def test_spoken_syllables_go_to_written_ones(written, n_syllables, counts):
    assert divide_syllables(written, n_syllables) == counts


def sung(lyrics: list[str], language: str) -> list[tuple[str, list[int]]]:
    """Phones and notes of each syllable."""
    notes = [Note(float(index), 1.0, 60.0, lyric) for index, lyric in enumerate(lyrics)]
    words = phonemize_words(group_words(notes), SpeechFrontEnd(), language)
    return [
        (" ".join(phone for syllable in part.syllables for phone in syllable.phones), part.notes)
        for word in words
        for part in word.parts
    ]


def test_english_syllables_on_notes():
    assert sung(["Twin-", "kle", "lit-", "tle", "STAR", "-"], "en") == [
        ("t w ˈɪ ŋ", [0]),
        ("k ə l", [1]),
        ("l ˈɪ", [2]),
        ("ɾ ə l", [3]),
        ("s t ˈɑ ɹ", [4, 5]),
    ]


def test_korean_syllables_on_notes_follow_the_sound_rules_inside_words():
    assert sung(["넘-", "어", "간-", "다"], "ko") == [("n ʌ", [0]), ("m ʌ", [1]), ("k a n", [2]), ("t a", [3])]


def test_korean_syllables_written_apart_are_one_word():
    assert sung(["넘", "어", "간", "다"], "ko") == sung(["넘-", "어-", "간-", "다"], "ko")


def test_a_word_on_one_note_and_its_next_syllables():
    assert [notes for _, notes in sung(["amazing", "+", "+", "-"], "en")] == [[0], [1], [2, 3]]
    assert sung(["amazing"], "en") == [("ə m ˈeɪ z ɪ ŋ", [0])]


def test_two_words_share_a_note():
    assert [notes for _, notes in sung(["to the", "sky"], "en")] == [[0], [0], [1]]


def test_a_score_without_lyrics_is_refused_unless_some_are_given():
    score = MusicScore.from_notes([Note(0.0, 1.0, 60.0), Note(1.0, 1.0, 62.0, "♪")])
    with pytest.raises(TextError, match="no lyrics"):
        song_from_score(score, SpeechFrontEnd(), "en")
    assert song_from_score(score.with_lyrics("hel-lo"), SpeechFrontEnd(), "en").text == "hello"


def test_a_song_survives_its_json():
    notes = [
        Note(float(index), 0.9, 60.0 + index, lyric) for index, lyric in enumerate(["나-", "를", "버-", "리-", "고"])
    ]
    song = song_from_score(MusicScore.from_notes(notes), SpeechFrontEnd())
    assert Song.from_json(song.to_json()) == song
    assert song.phrases[0].language == "ko"


def test_a_word_of_very_many_syllables_is_divided_at_once_or_refused():
    assert divide_syllables([1] * 400, 400) == [1] * 400
    notes = [Note(number * 0.1, 0.1, 60.0, "la-") for number in range(600)]
    with pytest.raises(TextError, match="too many syllables"):
        phonemize_words(group_words(notes), SpeechFrontEnd(), "en")
