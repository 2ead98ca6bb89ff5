import os

import pytest

from hierbatch.errors import SegmentsError
from hierbatch.manifest.tables.segments import Segment, check_segments, read_segments, settle_segments

WANTED = (Segment(start_s=0.5, end_s=2.25, speaker="Anna"), Segment(start_s=3.0, end_s=4.0, speaker="Dr. Ben"))

TABLES = {
    "talk.csv": "start,end,speaker\n3.0,4.0,Dr. Ben\n0.5,2.25,Anna\n",
    "seconds.csv": "speaker,start_s,end_s\nAnna,0.5,2.25\nDr. Ben,3,4\n",
    "talk.srt": (
        "\ufeff1\r\n00:00:00,500 --> 00:00:02,250\r\nAnna: Good morning: it is late.\r\n\r\n"
        "2\r\n00:00:03.000 --> 00:00:04.000\r\nDr. Ben: So\r\nit is.\r\n"
    ),
}


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", TABLES)
def test_a_table_gives_its_segments_in_the_order_of_time(tmp_path, name):
    assert read_segments(written(tmp_path, name, TABLES[name])) == WANTED


def test_rttm_counts_speaker_lines_and_of_many_files_the_one_it_is_named_like(tmp_path):
    lines = "SPKR-INFO talk 1 <NA> <NA> <NA> unknown Anna <NA>\nSPEAKER talk 1 0.50 1.75 <NA> <NA> Anna <NA> <NA>\n"
    assert read_segments(written(tmp_path, "any.rttm", lines)) == WANTED[:1]
    both = lines + "SPEAKER other 1 9.0 1.0 <NA> <NA> Carl <NA> <NA>\n"
    assert read_segments(written(tmp_path, "talk.rttm", both)) == WANTED[:1]


def test_ordinary_subtitles_say_nothing_of_speakers(tmp_path):
    text = "1\n00:00:00,500 --> 00:00:02,250\nGood morning.\n"
    assert read_segments(written(tmp_path, "talk.srt", text)) == ()


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.csv", "begin,end,who\n1,2,x\n", "columns start, end, speaker"),
        ("a.csv", "start,end,speaker\n1,soon,x\n", "Line 2"),
        ("a.csv", "start,end,speaker\n1,nan,x\n", "Line 2"),
        ("a.rttm", "SPEAKER talk 1 0.5\n", "Line 1"),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\nAnna: Yes\n\n2\n00:00:03,000 --> 00:00:04,000\nNo\n",
            "no speaker",
        ),
        ("a.csv", f"start,end,speaker\n0,1,{'x' * 200_000}\n", "field larger"),
        ("a.csv", f"{'x' * 200_000},start\n", "cannot be read"),
        ("a.txt", "", "not a segments table"),
    ],
    ids=range(8),
)
def test_what_is_no_table_is_one_clear_error(tmp_path, name, text, fault):
    with pytest.raises(SegmentsError, match=fault):
        read_segments(written(tmp_path, name, text))


def test_a_run_of_digits_is_not_searched_again_from_each_of_them(tmp_path):
    """Quadratic work would take hours here."""
    assert (
        read_segments(
            written(tmp_path, "a.srt", "1" * 1_000_000 + f"\n\n{'9' * 5000}:00:01,000 --> 00:00:02,000\nA: b")
        )
        == ()
    )


def test_a_missing_or_binary_table_is_the_same(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("none.csv", "b.csv", "pipe.csv"):
        with pytest.raises(SegmentsError, match="cannot be read"):
            read_segments(tmp_path / name)


@pytest.mark.parametrize(
    ("segments", "fault"),
    [
        ([(0.0, 2.0), (1.5, 3.0)], "overlap"),
        ([(0.0, 2.0), (9.0, 10.5)], "after the recording"),
        ([(2.0, 2.0)], "has no duration"),
        ([(-1.0, 2.0)], "before the recording"),
    ],
)
def test_segments_that_do_not_fit_the_recording_are_refused(segments, fault):
    made = [Segment(start_s=start, end_s=end, speaker="Anna") for start, end in segments]
    with pytest.raises(SegmentsError, match=fault):
        check_segments(made, 10.0, "talk.wav")


def test_a_table_may_round_past_the_end_and_segments_may_touch():
    made = [Segment(start_s=0.0, end_s=5.0, speaker="a"), Segment(start_s=5.0, end_s=10.04, speaker="b")]
    assert [s.end_s for s in check_segments(made, 10.0, "talk.wav")] == [5.0, 10.0]


@pytest.mark.parametrize(
    ("times", "expected", "words"),
    [
        ([(0.0, 2.2), (2.0, 3.0)], [(0.0, 2.1), (2.1, 3.0)], "overlaps divided in the middle: 1"),
        ([(0.0, 5.0), (5.0, 10.2)], [(0.0, 5.0), (5.0, 10.0)], "end of the recording: 1"),
        ([(0.0, 5.0), (5.0, 10.0)], [(0.0, 5.0), (5.0, 10.0)], None),
        ([(0.0, 2.0), (1.5, 3.0), (2.9, 11.0)], [(0.0, 2.0), (1.5, 2.95), (2.95, 11.0)], "overlaps"),  # the rest stays
    ],
)
def test_small_overlaps_and_late_ends_are_settled_with_a_notice(times, expected, words):
    made = [Segment(start_s=start, end_s=end, speaker="a") for start, end in times]
    settled = settle_segments(made, 10.0, "talk.wav")
    assert [(s.start_s, s.end_s) for s in settled.segments] == [pytest.approx(pair) for pair in expected]
    assert (words in settled.notices[0] and "talk.wav" in settled.notices[0]) if words else settled.notices == ()


def cues(tmp_path, *texts):
    blocks = [f"{i}\n00:00:0{i},000 --> 00:00:0{i},900\n{text}\n" for i, text in enumerate(texts, start=1)]
    return [segment.speaker for segment in read_segments(written(tmp_path, "a.srt", "\n".join(blocks)))]


def test_sounds_markup_and_openings_of_sentences_are_not_speakers(tmp_path):
    assert cues(tmp_path, "Anna: Hello", "[music]", "(laughs) \u266a", "<i>Ben: Yes</i>", "{\\an8}Anna: No") == [
        "Anna",
        "Ben",
        "Anna",
    ]
    assert cues(tmp_path, "Remember: he is here.") == []
    assert cues(tmp_path, "Meet me at 10:30 sharp", "Note: bring this.") == []


@pytest.mark.parametrize("name", ["a.csv", "a.srt", "a.rttm"])
def test_a_table_over_32_mb_is_refused_before_it_is_read(tmp_path, name):
    with (tmp_path / name).open("wb") as file:
        file.truncate((32 << 20) + 1)
    with pytest.raises(SegmentsError, match="32 MB"):
        read_segments(tmp_path / name)
