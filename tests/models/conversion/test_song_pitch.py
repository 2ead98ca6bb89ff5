"""Tunes of converted songs: intervals are kept to the cent, and octaves are whole."""

import numpy as np
import pytest

from hierbatch.audio.pitch import PitchRange, estimate_song_f0
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError
from hierbatch.models.conversion.contour import transpose_f0
from hierbatch.models.conversion.interface import Transposition, parse_pitch

TUNE = np.array([0, 220, 247, 0, 330, 440, 0], np.float32)
VOICED = TUNE > 0


@pytest.mark.parametrize(
    ("pitch", "target_hz", "ratio"),
    [
        ("keep", 110.0, 1.0),
        ("octave", 110.0, 0.5),
        ("octave", 230.0, 1.0),
        ("octave", 600.0, 2.0),
        ("3", 90.0, 2**0.25),
    ],
)
def test_every_interval_of_a_song_is_kept(pitch, target_hz, ratio):
    moved = transpose_f0(TUNE, PitchRange(target_hz, 1.0), parse_pitch(pitch))
    assert moved[VOICED] == pytest.approx(TUNE[VOICED] * ratio, rel=1e-6)
    assert (moved > 0).all()


def test_speech_still_moves_to_the_range_of_the_target():
    moved = transpose_f0(TUNE, PitchRange(110.0, 1.0), parse_pitch("target"))
    assert np.median(moved[VOICED]) == pytest.approx(110.0, rel=0.05)
    assert parse_pitch("target", 2.0) == Transposition(semitones=2.0)


@pytest.mark.parametrize("text", ["", "up", "nan", "100", "target octave"])
def test_other_pitches_are_refused(text):
    with pytest.raises(InputError, match="--pitch"):
        parse_pitch(text)


@pytest.mark.parametrize("f0_hz", [130.0, 523.25, 880.0])
def test_the_tracker_of_songs_follows_high_notes_to_five_cents(f0_hz):
    times = np.arange(16_000) / 16_000
    tone = sum(np.sin(2 * np.pi * f0_hz * k * times) / k for k in range(1, 6))
    found = estimate_song_f0(Waveform((0.1 * tone).astype(np.float32), 16_000))[20:80]
    assert np.abs(1200 * np.log2(found / f0_hz)).max() < 5
