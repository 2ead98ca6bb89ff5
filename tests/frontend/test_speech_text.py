from __future__ import annotations

import subprocess
import sys

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.phonemes import check_phonemes, split_words
from hierbatch.frontend.speech_text import SpeechFrontEnd
from tests.frontend.cases import read_cases


@pytest.fixture(scope="module")
def front_end() -> SpeechFrontEnd:
    return SpeechFrontEnd()


def test_every_sentence_of_the_tables_gives_a_sound_string_with_a_group_for_each_word(
    front_end: SpeechFrontEnd,
) -> None:
    for language, name in (("en", "english/normalization_cases.tsv"), ("ko", "korean/normalization_cases.tsv")):
        for raw, _ in read_cases(name):
            spoken = front_end.phonemize(raw, language)
            check_phonemes(spoken.phonemes)
            assert len(split_words(spoken.phonemes)) == len(spoken.text_norm.split()), raw


@pytest.mark.parametrize(
    ("text", "language", "phonemes"),
    [
        ("Hello, world", "en", "h ə l ˈoʊ , w ˈɝ l d ."),
        ("Is it 3?", "en", "ɪ z | ɪ t | θ ɹ ˈi ?"),
        ("안녕, 밥!", "ko", "a n n j ʌ ŋ , p a p̚ !"),
        ("Plan A", "en", "p l ˈæ n | ˈeɪ ."),
    ],
)
def test_known_strings(front_end: SpeechFrontEnd, text: str, language: str, phonemes: str) -> None:
    assert front_end.phonemize(text, language).phonemes == phonemes


def test_the_same_words_sound_the_same_however_they_are_written(front_end: SpeechFrontEnd) -> None:
    written = front_end.phonemize("Dr. Lee paid $5 on May 3rd, 1999.", "en")
    spelled = front_end.phonemize("Doctor Lee paid five dollars on May third, nineteen ninety-nine.", "en")
    assert written == spelled


def test_plain_words_are_not_touched(front_end: SpeechFrontEnd) -> None:
    assert front_end.phonemize("the quick brown fox jumps over the lazy dog", "en").text_norm == (
        "the quick brown fox jumps over the lazy dog"
    )


@pytest.mark.parametrize("text", ["", "   ", "…", "* * *", "—", "♪♪", "\ue000", "(!)"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_to_say_is_reported(front_end: SpeechFrontEnd, text: str, language: str) -> None:
    with pytest.raises(TextError, match="nothing to say"):
        front_end.phonemize(text, language)


@pytest.mark.parametrize(
    ("text", "named"), [("Он сказал нет.", "Он сказал"), ("これは本です。", "これは本です"), ("λόγος", "λόγος")]
)
def test_another_script_is_named(front_end: SpeechFrontEnd, text: str, named: str) -> None:
    with pytest.raises(TextError, match=named):
        front_end.phonemize(text, "en")


def test_an_unknown_language_is_refused(front_end: SpeechFrontEnd) -> None:
    with pytest.raises(TextError, match="en or ko"):
        front_end.phonemize("bonjour", "fr")


def test_the_front_end_loads_no_torch_and_says_nothing_on_its_own() -> None:
    program = (
        "import sys\n"
        "from hierbatch.frontend.speech_text import SpeechFrontEnd\n"
        "assert 'phonemizer' not in sys.modules and 'kiwipiepy' not in sys.modules\n"
        "front_end = SpeechFrontEnd()\n"
        "front_end.phonemize('Hello there.', 'en')\n"
        "front_end.phonemize('안녕하세요.', 'ko')\n"
        "assert 'torch' not in sys.modules\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_korean_word_in_english_is_spoken_with_english_sounds(front_end: SpeechFrontEnd) -> None:
    spoken = front_end.phonemize("They call it 김치 there.", "en")
    assert spoken.text_norm == "They call it 김치 there"
    assert "| k ˈi m tʃ i |" in spoken.phonemes
