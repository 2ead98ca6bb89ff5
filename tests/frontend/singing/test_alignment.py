"""Phonemes on notes: totals, beats, rests and the room of consonants; the pitch contour by its formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.frontend.singing.alignment import align_phrase
from hierbatch.frontend.singing.contour import (
    SingingStyle,
    bounded_expression,
    hz_to_pitch,
    phrase_contour,
    pitch_to_hz,
)
from hierbatch.frontend.singing.phrases import SungNote, SungPhrase, SungSyllable, split_at_breaths

PLAIN = SingingStyle(portamento_s=0.0, vibrato_cents=0.0, expression_cents=0.0)


def phrase(*spans: tuple[int, int], n_frames: int, pitches: tuple[float, ...] = ()) -> SungPhrase:
    """Syllables s-a-t on notes, one word each."""
    notes = tuple(SungNote(a, b, pitches[i] if pitches else 60.0) for i, (a, b) in enumerate(spans))
    syllables = tuple(SungSyllable(1, 1, a, b) for a, b in spans)
    phonemes = " | ".join(["s a t"] * len(spans)) + " ."
    return SungPhrase(" ".join(["sat"] * len(spans)), phonemes, "en", 0, n_frames, syllables, notes)


def natural(song: SungPhrase, consonant: int = 5) -> list[int]:
    return [consonant if token in "st" else 3 for token in song.phonemes.split()]


def starts(aligned) -> list[int]:
    return (np.cumsum(aligned.token_frames) - aligned.token_frames + aligned.lead_frames).tolist()


def test_vowels_start_on_the_beat_and_consonants_before_it():
    song = phrase((10, 40), (40, 80), n_frames=90)
    aligned = align_phrase(song, natural(song))
    assert aligned.lead_frames == 5
    assert starts(aligned) == [5, 10, 30, 35, 35, 40, 75, 80]
    assert aligned.token_frames[-1] == 10  # the silence at the end
    assert aligned.is_rest.tolist() == [frame < 5 or frame >= 80 for frame in range(90)]


def test_a_rest_has_room_for_the_next_onset_and_is_silent_before_it():
    song = phrase((10, 40), (50, 80), n_frames=90)
    aligned = align_phrase(song, natural(song))
    assert starts(aligned)[3:6] == [40, 45, 50]
    assert np.flatnonzero(aligned.is_rest[20:60]).tolist() == list(range(20, 25))


def test_consonants_of_short_notes_are_shortened():
    song = phrase((10, 16), (16, 22), (22, 60), n_frames=70)
    aligned = align_phrase(song, natural(song, consonant=9))
    vowels = [index for index, token in enumerate(song.phonemes.split()) if token == "a"]
    assert [starts(aligned)[index] for index in vowels] == [10, 16, 22]
    assert min(aligned.token_frames[index] for index in vowels) >= 1


def test_a_phrase_without_room_before_its_beat_starts_late():
    song = phrase((0, 40), n_frames=50)
    aligned = align_phrase(song, natural(song))
    assert aligned.lead_frames == 0
    assert starts(aligned)[1] == 5


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 60)), min_size=1, max_size=12), st.integers(1, 30))
def test_the_frames_of_a_phrase_are_those_of_the_score(gaps_and_lengths, consonant):
    spans, at = [], 0
    for gap, length in gaps_and_lengths:
        spans.append((at + gap, at + gap + length))
        at = spans[-1][1]
    song = phrase(*spans, n_frames=at + 7)
    aligned = align_phrase(song, natural(song, consonant))
    assert aligned.lead_frames + sum(aligned.token_frames) == song.n_frames
    assert min(aligned.token_frames) >= 0
    places = starts(aligned)
    vowels = [index for index, token in enumerate(song.phonemes.split()) if token == "a"]
    for (onset, _), index in list(zip(spans, vowels, strict=True))[1:]:
        assert places[index] == onset  # the score's frame, which is within 10 ms of its time
    assert not (aligned.is_vowel & aligned.is_rest).any()


def test_phrases_end_at_rests_and_inside_long_passages():
    assert split_at_breaths([0, 10, 30, 40], [10, 20, 40, 50], range(4), rest_frames=8, longest_frames=99) == [
        range(2),
        range(2, 4),
    ]
    assert len(split_at_breaths([0, 60, 120], [60, 120, 180], [0, 2], rest_frames=8, longest_frames=50)) == 2


def test_the_contour_is_that_of_the_notes():
    song = phrase((10, 40), (40, 80), n_frames=90, pitches=(57.0, 69.0))
    contour = phrase_contour(song, PLAIN)
    assert contour[:80] == pytest.approx(220.0)
    assert contour[80:] == pytest.approx(440.0)
    assert phrase_contour(song, PLAIN, 12.0) == pytest.approx(2 * contour)
    assert hz_to_pitch(pitch_to_hz(61.5)) == pytest.approx(61.5)


def test_portamento_is_monotonous_and_vibrato_has_its_depth_and_rate():
    song = phrase((0, 100), (100, 200), n_frames=200, pitches=(60.0, 64.0))
    glide = phrase_contour(song, SingingStyle(portamento_s=0.1, vibrato_cents=0.0))
    assert (np.diff(glide) >= 0).all()
    assert glide[[0, -1]] == pytest.approx([pitch_to_hz(60), pitch_to_hz(64)])
    cents = 1200 * np.log2(phrase_contour(song, SingingStyle(portamento_s=0, vibrato_cents=30.0)) / pitch_to_hz(60))
    steady = cents[60:180]
    assert np.abs(steady).max() == pytest.approx(30.0, abs=0.5)
    assert np.count_nonzero(np.diff(np.sign(steady))) == pytest.approx(2 * 5.5 * 1.2, abs=1)


def test_expression_moves_around_the_note_within_its_bound():
    song = phrase((10, 90), n_frames=100)
    rng = np.random.default_rng(0)
    log_f0 = (np.linspace(0, 0.5, 200) + rng.standard_normal(200) * 0.05).astype(np.float32)
    is_voiced = np.repeat(np.arange(100) >= 10, 2) & (np.arange(200) < 180)
    moved = bounded_expression(log_f0, song, is_voiced, 10.0)
    assert 0 < np.abs(moved).max() <= 12.0
    assert abs(moved[30:170].mean()) < 0.5
    assert not bounded_expression(log_f0, song, is_voiced, 0.0).any()
