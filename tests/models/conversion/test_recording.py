import numpy as np
import pytest

from hierbatch.audio.pitch import PitchRange
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, RATE_HZ
from hierbatch.errors import SourceError, SynthesisError
from hierbatch.models.conversion.contour import transpose_f0
from hierbatch.models.conversion.interface import InputSpec, Transposition
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.conversion.segments import InPlaceOutput, add_segment, split_segments, with_context


class Echo:
    """Gives back what it hears, and remembers how much it was given at a time."""

    name, fingerprint, input_spec = "echo", "1", InputSpec()

    def __init__(self):
        self.n_samples = []

    def encode_voice(self, prompt):
        return None

    def pitch_range(self, voice):
        return PitchRange(200.0, 3.0)

    def convert_all(self, requests):
        self.n_samples += [len(request.samples) for request in requests]
        assert all(len(r.f0_hz) == len(r.voiced) == len(r.samples) // 160 for r in requests)
        return [request.samples for request in requests]


def speech_like(duration_s, rate_hz=RATE_HZ, f0_hz=120.0):
    """Half a second of a buzz, a quarter of near silence, over and over."""
    time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
    buzz = np.exp(3 * (np.cos(2 * np.pi * f0_hz * time_s) - 1)) - 0.3
    return Waveform((0.1 * buzz * (time_s % 0.75 < 0.5) + 1e-4).astype(np.float32), rate_hz)


def test_pieces_cover_everything_once_and_are_cut_where_it_is_quiet():
    samples = speech_like(70.3).samples
    pieces = list(split_segments(samples))
    assert pieces[0][0] == 0
    assert pieces[-1][1] == len(samples)
    assert [end for _, end in pieces[:-1]] == [start for start, _ in pieces[1:]]
    for start, end in pieces[:-1]:
        assert 15 <= (end - start) / RATE_HZ <= 20
        assert end % FRAME_HOP_SAMPLES == 0
        assert np.abs(samples[end - 160 : end + 160]).max() < 1e-3  # in a pause


@pytest.mark.parametrize(
    "segments", [[(0, 40_000), (40_000, 90_000), (90_000, 99_840)], [(32_000, 40_000), (80_000, 96_000)]]
)
def test_segments_that_replace_their_recording_are_those_added_to_silence(segments):
    rng = np.random.default_rng(0)
    samples = rng.standard_normal(99_840).astype(np.float32)
    source, wanted, output = samples.copy(), np.zeros_like(samples), InPlaceOutput(samples)
    for number, (start, end) in enumerate(segments):
        first, last = with_context(start, end, len(samples))
        assert np.array_equal(samples[first:last], source[first:last])  # the context is still that of the recording
        made = rng.standard_normal(last - first).astype(np.float32)
        add_segment(wanted, made, first, start, end)
        output.add(made, start, end)
        following = segments[number + 1] if number + 1 < len(segments) else (len(samples), len(samples))
        output.replace(with_context(*following, len(samples))[0])
    output.replace(len(samples))
    np.testing.assert_array_equal(samples, wanted)


def test_unchanged_output_of_the_model_is_returned_unchanged():
    source = speech_like(50.0)
    echo = Echo()
    made = convert_recording(echo, source, None, seed=0).waveform
    assert len(echo.n_samples) == 3
    assert max(echo.n_samples) <= 22 * RATE_HZ
    np.testing.assert_allclose(made.samples, source.samples, atol=2e-4)


@pytest.mark.parametrize(
    ("rate_hz", "n_samples"), [(16_000, 16_001), (48_000, 100_003), (44_100, 65_537), (11_025, 9_999)]
)
def test_a_conversion_is_as_long_as_its_source_to_the_sample(rate_hz, n_samples):
    source = Waveform(speech_like(7.0, rate_hz).samples[:n_samples], rate_hz)
    made = convert_recording(Echo(), source, None, seed=0).waveform
    assert (made.n_samples, made.rate_hz) == (n_samples, rate_hz)


def test_another_rate_covers_the_same_time():
    made = convert_recording(Echo(), speech_like(2.0, 22_050), None, seed=0, rate_hz=16_000).waveform
    assert (made.n_samples, made.rate_hz) == (32_000, 16_000)


def test_a_conversion_is_as_loud_as_its_source():
    source = speech_like(5.0)
    for gain in (0.1, 1.0, 5.0):
        heard = Waveform(source.samples * np.float32(gain), RATE_HZ)
        made = convert_recording(Echo(), heard, None, seed=0).waveform
        assert np.sqrt(np.mean(made.samples**2)) == pytest.approx(np.sqrt(np.mean(heard.samples**2)), rel=0.03)


def test_a_contour_moves_to_the_targets_median_and_the_key_moves_it_on():
    contour = np.array([0, 100, 110, 0, 0, 121, 100, 0], np.float32)
    target = PitchRange(220.0, 1.5)
    moved = transpose_f0(contour, target)
    voiced = contour > 0
    assert np.median(moved[voiced]) == pytest.approx(220.0, rel=0.05)
    assert (moved > 0).all()
    octave_up = transpose_f0(contour, target, Transposition(semitones=12))
    np.testing.assert_allclose(octave_up, 2 * moved, rtol=1e-5)


def test_a_recording_without_any_voiced_sound_still_has_a_contour():
    np.testing.assert_allclose(transpose_f0(np.zeros(5, np.float32), PitchRange(180.0, 2.0)), 180.0)


def test_samples_that_are_no_numbers_are_refused():
    class Broken(Echo):
        def convert_all(self, requests):
            return [request.samples * np.nan for request in requests]

    with pytest.raises(SynthesisError, match="not finite"):
        convert_recording(Broken(), speech_like(1.0), None, seed=0)


def test_the_chosen_tracker_finds_the_pitch_and_a_sound_too_short_for_it_is_reported():
    contour = np.tile(np.float32([0, 100, 120, 0, 90]), 20)

    def track(waveform):
        if waveform.n_samples < 8_000:
            raise SourceError("No pitch can be tracked")
        return contour

    made = convert_recording(Echo(), speech_like(1.0), None, seed=0, track=track)
    np.testing.assert_allclose(made.f0_hz, np.where(contour > 0, transpose_f0(contour, PitchRange(200.0, 3.0)), 0))
    with pytest.raises(SourceError, match="No pitch"):
        convert_recording(Echo(), speech_like(0.3), None, seed=0, track=track)
