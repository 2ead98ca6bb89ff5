import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.hierspeechpp.english_text import (
    SYMBOL_IDS,
    SYMBOLS,
    espeak_phonemes,
    espeak_spelling,
    intersperse_blanks,
    symbol_ids,
)


def test_the_table_is_the_published_one():
    assert len(SYMBOLS) == 178
    wanted = {"_": 0, ";": 1, " ": 16, "A": 17, "a": 43, "ɑ": 69, "ɡ": 92, "ˈ": 156, "'": 176, "ᵻ": 177}
    assert {symbol: SYMBOL_IDS[symbol] for symbol in wanted} == wanted


def test_short_forms_are_spoken_in_full():
    assert espeak_phonemes("Dr. Smith") == espeak_phonemes("doctor smith")
    assert espeak_phonemes("Main St.") == espeak_phonemes("main saint")


def test_letters_of_other_scripts_are_read_as_english():
    assert espeak_phonemes("naïve café") == espeak_phonemes("naive cafe")


def test_brackets_are_left_out_and_other_marks_stay():
    assert espeak_phonemes('He said "go" (quietly).') == 'hiː sˈɛd "ɡˈoʊ" kwˈaɪətli.'
    assert "(" not in espeak_phonemes("(all) [of] {it}")


def test_a_number_with_a_point_is_one():
    assert espeak_phonemes("12.50").split()[1] == "pɔɪnt"


@pytest.mark.parametrize("text", ["", "   ", "()"])
def test_nothing_to_say_is_reported(text):
    with pytest.raises(TextError, match="nothing to say"):
        espeak_phonemes(text)


def test_an_unknown_symbol_is_reported():
    with pytest.raises(TextError, match="no symbol"):
        symbol_ids("a№b")


def test_blanks_are_around_every_symbol():
    assert intersperse_blanks([5, 6]) == [0, 5, 0, 6, 0]
    assert intersperse_blanks([]) == [0]


@pytest.mark.parametrize(
    "text",
    [
        "And lay me down in my cold bed, and leave my shining lot.",
        "The quick brown fox jumps over a lazy dog!",
        "Measure the church, near the fort. He is happy to see you?",
    ],
)
def test_our_phonemes_are_spelled_as_espeak_spells_them(text):
    ours = SpeechFrontEnd().phonemize(text, "en").phonemes
    spelled = espeak_spelling(ours)
    assert len(spelled) == len(ours.split())
    assert "".join(spelled) == espeak_phonemes(text)
