import random

import pytest

from hierbatch.manifest.columns.rows import Timing
from hierbatch.stages.timings import word_timings


def test_words_and_pauses_in_seconds():
    timings = word_timings("hello, world.", "h ə l ˈoʊ , w ˈɝ l d .", (5, 5, 5, 10, 20, 5, 5, 5, 5, 15), 10)
    assert timings == (
        Timing("hello,", 0.2, 0.7, "word"),
        Timing(",", 0.7, 1.1, "pause"),
        Timing("world.", 1.1, 1.5, "word"),
        Timing(".", 1.5, 1.8, "pause"),
    )


def test_a_word_boundary_is_no_pause_and_a_silent_mark_is_none():
    timings = word_timings("a b", "a | b .", (5, 2, 5, 0), 0)
    assert [(timing.text, timing.start_s, timing.end_s) for timing in timings] == [("a", 0.0, 0.1), ("b", 0.14, 0.24)]


def test_without_text_a_word_is_written_by_its_phones():
    assert [timing.text for timing in word_timings("", "h ə | d ɔ ɡ .", (1,) * 7, 0)] == ["hə", "dɔɡ", "."]


def test_any_sentence_gives_its_words_in_order_without_overlap():
    rng = random.Random(7)
    for _ in range(200):
        n_words = rng.randint(1, 9)
        words = [["ə"] * rng.randint(1, 6) for _ in range(n_words)]
        tokens = [token for word in words for token in (*word, rng.choice("|,?"))]
        tokens[-1] = "."
        frames = [rng.randint(0, 12) for _ in tokens]
        lead = rng.randint(0, 20)
        timings = word_timings(" ".join(f"w{i}" for i in range(n_words)), " ".join(tokens), frames, lead)
        assert [t.text for t in timings if t.kind == "word"] == [f"w{i}" for i in range(n_words)]
        edges = [edge for timing in timings for edge in (timing.start_s, timing.end_s)]
        assert edges == sorted(edges)
        assert edges[0] >= lead / 50
        assert edges[-1] <= (lead + sum(frames)) / 50 + 1e-9


def test_durations_must_be_one_a_token():
    with pytest.raises(ValueError, match="argument"):
        word_timings("a", "a .", (5,), 0)
