import re
from itertools import pairwise

import pytest

from hierbatch.delivery.subtitles import Cue, chapter_cues, srt_text, vtt_text, word_vtt_text
from hierbatch.delivery.takes import TimedWord, Transcript
from tests.delivery.cues import parsed
from tests.delivery.planned_takes import RATE_HZ, planned, take

LONG = (
    "When the morning came at last, nobody in the house had slept, and the letter lay unopened on the table; "
    "outside the snow was falling on the roofs and on the river."
)


def transcript(text, duration_s, words=None):
    words = words or text.split()
    step_s = duration_s / len(words)
    return Transcript(text, tuple(TimedWord(w, i * step_s, (i + 1) * step_s) for i, w in enumerate(words)))


def test_cues_are_at_the_times_of_their_words():
    timeline = planned([take(0), take(1)])[0]
    cues = list(chapter_cues(timeline, lambda _: transcript("Two words", 1.0), 10.0))
    starts = [10 + placement.start_sample / RATE_HZ for placement in timeline.placements]
    assert [(cue.start_s, cue.end_s) for cue in cues] == [(start, start + 1.0) for start in starts]


@pytest.mark.parametrize("write", [srt_text, vtt_text])
def test_files_round_trip_to_the_millisecond(write):
    cues = [Cue(0.0, 1.2345, "One."), Cue(59.9996, 3599.9999, "Two & <three>"), Cue(36_000.5, 36_001, "열 시간")]
    found = list(parsed(write(cues)))
    assert len(found) == 3
    for cue, (start_s, end_s, text) in zip(cues, found, strict=True):
        assert (start_s, end_s) == pytest.approx((cue.start_s, cue.end_s), abs=0.00051)
        assert text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">") == cue.text


def test_forms_begin_as_their_standards_say():
    cues = [Cue(0, 1, "a"), Cue(1, 2, "b")]
    assert srt_text(cues) == "1\n00:00:00,000 --> 00:00:01,000\na\n\n2\n00:00:01,000 --> 00:00:02,000\nb\n"
    assert vtt_text(cues).startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na\n")


def test_a_long_sentence_is_cut_at_clauses_with_true_times():
    sentence = transcript(LONG, 12.0)
    timeline = planned([take(0, duration_s=12.0)])[0]
    cues = list(chapter_cues(timeline, lambda _: sentence, 0.0))
    assert len(cues) > 1
    assert " ".join(cue.text for cue in cues) == LONG
    assert all(len(cue.text) <= 84 and cue.end_s - cue.start_s <= 7.0 for cue in cues)
    assert cues[0].text.endswith(",")
    offset_s = timeline.placements[0].start_sample / RATE_HZ
    starts = {round(offset_s + word.start_s, 6) for word in sentence.words}
    assert all(round(cue.start_s, 6) in starts for cue in cues)
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(cues))


def test_hangul_is_twice_as_wide():
    words = ["아름다운"] * 12  # 107 columns, 59 characters
    cues = list(chapter_cues(planned([take(0)])[0], lambda _: transcript(" ".join(words), 6.0), 0.0))
    assert [len(cue.text.split()) for cue in cues] == [9, 3]
    assert all(len(line) <= 24 for line in srt_text(cues).splitlines() if "아" in line)


def test_written_words_are_shown_where_they_join_into_one():
    words = LONG.lower().split()
    cues = list(chapter_cues(planned([take(0)])[0], lambda _: transcript(LONG, 12.0, words), 0.0))
    assert " ".join(cue.text for cue in cues) == LONG


def test_spoken_words_are_shown_where_numbers_were_written_out():
    words = LONG.replace("snow", "nineteen eighty four snow").split()
    cues = list(chapter_cues(planned([take(0)])[0], lambda _: transcript(LONG, 12.0, words), 0.0))
    assert " ".join(cue.text for cue in cues) == " ".join(words)


def test_a_take_without_words_is_one_cue():
    timeline = planned([take(0)], edges=(1.0, 0.0))[0]
    (cue,) = chapter_cues(timeline, lambda _: Transcript("Hm.", ()), 0.0)
    assert cue.text == "Hm."
    assert cue.start_s == 0.0  # its own silence begins before the chapter


def test_no_blank_line_ends_a_cue_early():
    assert len(list(parsed(srt_text([Cue(0, 1, "one\n\ntwo\n"), Cue(1, 2, "three")])))) == 2


def test_every_word_carries_its_own_time():
    sentence = transcript(LONG, 12.0)
    timeline = planned([take(0, duration_s=12.0)])[0]
    cues = list(chapter_cues(timeline, lambda _: sentence, 100.0))
    start_s = 100.0 + timeline.placements[0].start_sample / RATE_HZ
    told = []
    for begin_s, end_s, text in parsed(word_vtt_text(cues)):
        first, *rest = re.split(r" (?=<)", text)
        told.append((first, begin_s))
        for word in rest:
            h, m, s, name = re.fullmatch(r"<(\d\d):(\d\d):([\d.]+)>(.*)", word).groups()
            told.append((name, int(h) * 3600 + int(m) * 60 + float(s)))
            assert begin_s < told[-1][1] < end_s
    assert [word for word, _ in told] == LONG.split()
    wanted = [start_s + word.start_s for word in sentence.words]
    assert [time_s for _, time_s in told] == pytest.approx(wanted, abs=0.001)


def test_a_word_that_begins_with_another_gets_no_tag_of_its_own():
    timeline = planned([take(0)])[0]
    text = word_vtt_text(
        list(
            chapter_cues(
                timeline,
                lambda _: Transcript("a b c", (TimedWord("a", 0, 0), TimedWord("<b>", 0, 1), TimedWord("c", 1, 1))),
                0.0,
            )
        )
    )
    assert text.splitlines()[3] == "a b c"
