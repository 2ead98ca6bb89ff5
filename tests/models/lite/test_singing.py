"""Singing of the packaged model: the rendered sound has the pitch of the score, and rests are silent."""

import numpy as np
import pytest

from hierbatch.audio.files import read_sound
from hierbatch.audio.pitch import estimate_song_f0
from hierbatch.frontend.scores.score import MusicScore, Note
from hierbatch.frontend.singing.contour import SingingStyle, pitch_to_hz
from hierbatch.frontend.singing.song import song_from_score
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.conversion.interface import ConversionRequest, parse_pitch
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.singing import octaves_towards, render_song
from tests.loading import ROOT

pytestmark = pytest.mark.slow

NOTES = (
    Note(0.4, 0.6, 52.0, "high"),
    Note(1.0, 0.6, 55.0, "a-"),
    Note(1.6, 0.8, 57.0, "bove"),
    Note(3.2, 1.0, 52.0, "world"),
)


@pytest.fixture(scope="module")
def model():
    return LitePipeline.load()


@pytest.fixture(scope="module")
def voice(model):
    return model.encode_voice(read_sound(ROOT / "manifests" / "voices" / "narrator.flac"))


@pytest.fixture(scope="module")
def song():
    return song_from_score(MusicScore.from_notes(NOTES), SpeechFrontEnd(), "en")


def medians_cents(waveform, semitones):
    """Deviation of each note's median, measured 60 ms from its ends."""
    f0_hz = estimate_song_f0(waveform)
    found = []
    for note in NOTES:
        inside = f0_hz[round((note.onset_s + 0.06) * 100) : round((note.end_s - 0.06) * 100)]
        voiced = inside[inside > 0]
        assert len(voiced) > 0.8 * len(inside)
        found.append(1200 * np.log2(np.median(voiced) / pitch_to_hz(note.pitch + semitones)))
    return np.abs(found)


@pytest.fixture(scope="module", params=[0.0, 25.0])
def rendered(request, model, voice, song):
    return render_song(model, song, voice, seed=1, transposition=0.0, style=SingingStyle(vibrato_cents=request.param))


def test_every_note_is_within_20_cents_of_the_score(rendered):
    assert medians_cents(rendered.waveform, 0).max() < 20


def test_rests_are_silent_and_the_length_is_that_of_the_score(rendered):
    samples = rendered.waveform.samples
    assert np.abs(samples[: 16 * 100]).max() < 1e-3
    assert np.abs(samples[round(2.5 * 16_000) : round(2.85 * 16_000)]).max() < 1e-3
    assert len(samples) / 16_000 == pytest.approx(4.4, abs=0.03)


def test_transposed_songs_have_the_same_intervals(model, voice, song):
    moved = render_song(model, song, voice, seed=1, transposition=5.0)
    assert medians_cents(moved.waveform, 5).max() < 20


def test_a_converted_song_keeps_its_tune_to_four_cents(model, rendered):
    target = model.encode_voice(read_sound(ROOT / "manifests" / "voices" / "low.flac"))
    made = convert_recording(model, rendered.waveform, target, seed=1, transposition=parse_pitch("keep")).waveform
    before, after = estimate_song_f0(rendered.waveform), estimate_song_f0(made)
    both = (before > 0) & (after > 0)
    assert both.sum() > 0.8 * (before > 0).sum()
    assert np.median(np.abs(1200 * np.log2(after[both] / before[both]))) < 4


def test_songs_have_less_noise_below_1_khz(model, voice, rendered, monkeypatch):
    monkeypatch.setattr(model, "_conversion_low_noise_db", 0.0)
    monkeypatch.setattr(model, "_conversion_covariance_share", 0.0)
    samples = rendered.waveform.samples[: 2 * 16_000]
    f0_hz = np.full(200, 200.0, np.float32)

    def low_noise_db(is_song):
        """Power below 700 Hz of what depends on the seed."""
        requests = [
            ConversionRequest(
                samples=samples, f0_hz=f0_hz, voiced=np.ones(200, bool), voice=voice, seed=seed, is_song=is_song
            )
            for seed in (1, 2)
        ]
        one, other = model.convert_all(requests)
        spectrum = np.abs(np.fft.rfft(one - other))
        return 20 * np.log10(np.linalg.norm(spectrum[: round(700 * len(one) / 16_000)]))

    assert low_noise_db(True) - low_noise_db(False) == pytest.approx(-18, abs=1)


def test_the_same_seed_gives_the_same_song(model, voice, song):
    one, other = (render_song(model, song, voice, seed=3, transposition=0.0) for _ in range(2))
    assert np.array_equal(one.waveform.samples, other.waveform.samples)


@pytest.mark.parametrize(("pitch", "target", "octaves"), [(67, 52, -1), (67, 44, -2), (60, 57, 0), (50, 62, 1)])
def test_octaves_lead_to_the_range_of_the_voice(pitch, target, octaves):
    assert octaves_towards(pitch, target) == 12 * octaves
