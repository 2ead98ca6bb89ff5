"""Words of unsupported scripts: the rest of the sentence is spoken, and the words are named."""

from __future__ import annotations

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.english.normalization import normalize_english
from hierbatch.frontend.foreign_words import find_foreign_words
from hierbatch.frontend.korean.normalization import normalize_korean
from hierbatch.frontend.lexicon import Lexicon, LexiconEntry
from hierbatch.frontend.speech_text import MAX_TEXT_CHARACTERS, SpeechFrontEnd


def test_words_of_another_script_are_named() -> None:
    assert find_foreign_words("Привет, 東京タワー와 α", hanja=True) == ("Привет", "東京タワー")
    assert find_foreign_words("안녕 hello 大韓民國 1", hanja=True) == ()
    assert find_foreign_words("He wrote 大韓民國 there.", hanja=False) == ("大韓民國",)
    assert find_foreign_words("Nguyễn Đình Chiểu ate phở at ŵŷ.", hanja=False) == ()


@pytest.mark.parametrize(
    ("raw", "spoken"),
    [
        ("She said Привет and left.", "She said Privet and left."),
        ("The word κόσμος means order.", "The word kosmos means order."),
        ("They flew to 東京 in May.", "They flew to Dong Jing in May."),
        ("Her name was さくら then.", "Her name was sakura then."),
        ("He wrote и once and the angle α twice.", "He wrote once and the angle alpha twice."),
    ],
)
def test_an_english_sentence_is_spoken_around_a_foreign_word(raw: str, spoken: str) -> None:
    assert normalize_english(raw) == spoken


@pytest.mark.parametrize("normalize", [normalize_english, normalize_korean])
@pytest.mark.parametrize("text", ["Привет, как дела?", "مرحبا بالعالم", "Ok: Всё хорошо.", "Τι κάνεις σήμερα;"])
def test_a_text_in_another_script_is_refused(normalize, text: str) -> None:
    with pytest.raises(TextError, match="unsupported script"):
        normalize(text)


def test_a_word_of_the_lexicon_is_not_foreign() -> None:
    entry = LexiconEntry(word="Привет", pronunciation="preevyet", kind="respelling", language="en")
    text = "She said Привет in 東京."
    assert SpeechFrontEnd().phonemize(text, "en").foreign_words == ("Привет", "東京")
    assert SpeechFrontEnd(Lexicon([entry])).phonemize(text, "en").foreign_words == ("東京",)


def test_a_text_over_the_limit_is_refused_whatever_it_contains() -> None:
    with pytest.raises(TextError, match="too long for one row"):
        SpeechFrontEnd().phonemize("1" * (MAX_TEXT_CHARACTERS + 1), "en")
