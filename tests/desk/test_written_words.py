import pytest

from hierbatch.desk.written_words import written_words


def timings(*words):
    spoken = [{"text": w, "start_s": float(at), "end_s": at + 1.0, "kind": "word"} for at, w in enumerate(words)]
    return [*spoken[:1], {"text": ",", "start_s": 0.9, "end_s": 1.0, "kind": "pause"}, *spoken[1:]]


def spans(text, *spoken):
    return [(word.text, word.start_s, word.end_s) for word in written_words(text, timings(*spoken))]


def test_a_number_covers_all_of_its_spoken_words():
    found = spans("In 1984, he left.", "in", "nineteen", "eighty", "four", "he", "left")
    assert found == [("In", 0, 1), ("1984,", 1, 4), ("he", 4, 5), ("left.", 5, 6)]


def test_words_written_together_share_the_time_by_letters():
    assert spans("a bb ccc went on", "abbccc", "went", "on")[:3] == [
        ("a", 0, pytest.approx(1 / 6)),
        ("bb", pytest.approx(1 / 6), 0.5),
        ("ccc", 0.5, 1),
    ]


def test_a_dash_takes_no_time():
    found = spans("one – two", "one", "two")
    assert found == [("one", 0, 1), ("–", 1, 1), ("two", 1, 2)]


@pytest.mark.parametrize("text", ["", "–", "a b c d", "1 2 3", "저는 12살 입니다 – 네"])
@pytest.mark.parametrize("spoken", [("a",), ("a", "b", "c", "d"), ("저는", "열두", "살", "입니다", "네"), ("x",) * 9])
def test_times_never_run_backwards_and_every_word_is_kept(text, spoken):
    found = written_words(text, timings(*spoken))
    assert [word.text for word in found] == text.split()
    times = [time for word in found for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert all(0 <= time <= len(spoken) for time in times)


def test_without_timings_the_words_have_no_times():
    assert [word.end_s for word in written_words("a b", None)] == [0, 0]


def test_words_that_a_recognizer_has_not_found_are_doubtful():
    found = written_words(
        "The daisy-chain was worth it.",
        timings("The", "daisy-chain", "was", "worth", "it."),
        transcript="the day's a chain was it",
    )
    assert [bool(word.doubt) for word in found] == [False, True, False, True, False]
    assert (found[1].doubt, found[3].doubt) == ("recognized as “day's a chain”", "not recognized")


def test_words_far_from_their_text_are_doubtful():
    found = written_words("one two three", timings("one", "two", "three"), ratios=[1.0, 4.25, 2.0])
    assert [word.doubt for word in found] == ["", "4.2 times as far from its text as usual", ""]


def test_other_spaces_are_no_doubt():
    found = written_words("우리 수탉이 막", timings("우리", "수탉이", "막"), transcript="우리수탉이 막")
    assert [word.doubt for word in found] == ["", "", ""]


def test_a_word_of_unusual_length_is_doubtful():
    spoken = [
        {"text": w, "start_s": s, "end_s": e, "kind": "word"}
        for w, s, e in (("a", 0, 0.2), ("b", 0.2, 0.4), ("c", 0.4, 2.4), ("d", 2.4, 2.6))
    ]
    found = written_words("a b c d", spoken, "ə ə | ə ə | ə ə | ə ə .")
    assert [word.doubt for word in found] == ["", "", "10.0 times as long as usual", ""]
