from itertools import pairwise

import pytest

from hierbatch.frontend.language import expected_duration_s


@pytest.mark.parametrize("language", ["en", "ko"])
def test_twice_the_speed_takes_half_the_time(language):
    phonemes = "h ə l ˈoʊ , w ˈɝ l d ."
    assert expected_duration_s(phonemes, language, 2.0) == pytest.approx(expected_duration_s(phonemes, language) / 2)


def test_every_token_takes_time():
    tokens = ["a", "|", "b", ",", "c", "?", "d", "!", "e", "."]
    durations = [expected_duration_s(" ".join(tokens[:n]), "en") for n in range(len(tokens) + 1)]
    assert durations[0] == 0
    assert all(longer > shorter for shorter, longer in pairwise(durations))


def test_read_speech_takes_about_as_long_as_spoken():
    # "The quick brown fox jumps over the lazy dog.": nine words, read aloud at 150 to 200 words a minute.
    phonemes = "ð ə | k w ˈɪ k | b ɹ ˈaʊ n | f ˈɑ k s | dʒ ˈʌ m p s | ˈoʊ v ɚ | ð ə | l ˈeɪ z i | d ˈɔ ɡ ."
    assert 9 / 200 * 60 < expected_duration_s(phonemes, "en") < 9 / 150 * 60
