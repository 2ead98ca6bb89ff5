"""The Python API on the packaged models."""

import numpy as np
import pytest
import soundfile
from pydub import AudioSegment

import hierbatch
from hierbatch.audio.files import read_sound
from hierbatch.errors import InputError, TextError
from tests.loading import ROOT

VOICE = ROOT / "manifests" / "voices" / "narrator.flac"


@pytest.fixture(scope="module")
def tts():
    return hierbatch.load("lite")


@pytest.fixture(scope="module")
def voice(tts):
    return tts.voice(VOICE, consent="licensed")


@pytest.fixture(scope="module")
def speech(tts, voice):
    return tts.speak("Good morning. The river rose.", voice)


def test_a_text_becomes_sound_with_its_words_in_order(tts, speech):
    assert (speech.rate_hz, speech.samples.dtype) == (tts.rate_hz, np.float32)
    assert 1.0 < speech.duration_s < 8.0
    assert np.abs(speech.samples).max() > 0.05
    assert [word.text.strip(".").lower() for word in speech.words] == ["good", "morning", "the", "river", "rose"]
    times = [time for word in speech.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= speech.duration_s


def test_a_list_is_a_batch_of_the_same_sounds(tts, voice, speech):
    alone = tts.speak("It is late.", voice)
    together = tts.speak(["Good morning. The river rose.", "It is late."], voice)
    assert [sound.duration_s for sound in together] == [speech.duration_s, alone.duration_s]
    for one, same in zip(together, (speech, alone), strict=True):
        np.testing.assert_allclose(one.samples, same.samples, atol=1e-3)
        assert one.words == same.words


def test_the_same_seed_gives_the_same_sound_and_another_another(tts, voice, speech):
    again = tts.speak("Good morning. The river rose.", voice, seed=0)
    assert np.array_equal(again.samples, speech.samples)
    other = tts.speak("Good morning. The river rose.", voice, seed=1)
    assert other.samples.shape != speech.samples.shape or not np.array_equal(other.samples, speech.samples)


@pytest.mark.parametrize(("suffix", "tolerance"), [("wav", 1e-4), ("flac", 1e-4), ("mp3", None), ("ogg", None)])
def test_saved_files_are_read_back(speech, tmp_path, suffix, tolerance):
    path = speech.save(tmp_path / f"speech.{suffix}")
    assert path == tmp_path / f"speech.{suffix}"
    found = read_sound(path)
    assert found.rate_hz == speech.rate_hz
    assert found.duration_s == pytest.approx(speech.duration_s, abs=0.15)
    if tolerance:
        np.testing.assert_allclose(found.samples, np.clip(speech.samples, -1, 1), atol=tolerance)
    with soundfile.SoundFile(path) as file:
        assert file.comment.startswith("AI-generated speech")


def test_a_file_of_an_unknown_format_is_refused(speech, tmp_path):
    with pytest.raises(InputError, match=r"\.wav.*speech\.xyz"):
        speech.save(tmp_path / "speech.xyz")
    assert not list(tmp_path.iterdir())


def test_pydub_gets_and_gives_the_same_sound_to_16_bits(speech):
    segment = speech.to_pydub()
    assert (segment.frame_rate, segment.channels, segment.sample_width) == (speech.rate_hz, 1, 2)
    back = hierbatch.Sound.from_pydub(segment)
    assert back.rate_hz == speech.rate_hz
    np.testing.assert_allclose(back.samples, np.clip(speech.samples, -1, 1), atol=1 / 16_384)


@pytest.mark.parametrize("sides", [(1, 1), (1, 0), (0, 1), (1, -1)])
def test_the_voice_in_a_pydub_segment_is_read_from_the_channels_that_hold_it(sides):
    times_s = np.arange(48_000) / 48_000
    voice = 0.3 * np.sin(2 * np.pi * 200 * times_s) * (times_s % 0.5 < 0.3)
    data = np.round(np.stack([side * voice for side in sides], axis=1) * 32768).astype("<i2").tobytes()
    segment = AudioSegment(data=data, sample_width=2, frame_rate=48_000, channels=2)
    sound = hierbatch.Sound.from_pydub(segment)
    assert sound.rate_hz == 48_000
    np.testing.assert_allclose(np.abs(sound.samples), np.abs(voice), atol=1e-3)


def test_a_conversion_keeps_the_length_and_rate_of_its_recording(tts, voice):
    samples = (0.2 * np.sin(2 * np.pi * 150 * np.arange(66_151) / 44_100)).astype(np.float32)
    recording = hierbatch.Sound(samples=samples, rate_hz=44_100, is_synthetic=False)
    converted = tts.convert(recording, voice)
    assert (len(converted.samples), converted.rate_hz) == (66_151, 44_100)
    (same,) = tts.convert([recording.to_pydub()], voice, rate_hz=16_000)
    assert (len(same.samples), same.rate_hz) == (-(-66_151 * 16_000 // 44_100), 16_000)


def test_bandwidth_extension_gives_the_rate_that_is_asked_for():
    samples = (0.2 * np.sin(2 * np.pi * 150 * np.arange(8_000) / 16_000)).astype(np.float32)
    recording = hierbatch.Sound(samples=samples, rate_hz=16_000)
    pipeline = hierbatch.load("speechsr")
    assert pipeline.rates_hz == (24_000, 48_000)
    sounds = [pipeline.upsample(recording, rate_hz=rate_hz) for rate_hz in pipeline.rates_hz]
    assert [(sound.rate_hz, len(sound.samples)) for sound in sounds] == [(24_000, 12_000), (48_000, 24_000)]
    with pytest.raises(InputError, match="24000 or 48000"):
        pipeline.upsample(recording, rate_hz=44_100)


@pytest.mark.parametrize("consent", ["", "unknown", "yes"])
def test_a_voice_without_a_consent_is_refused(tts, consent):
    with pytest.raises(InputError, match="consent"):
        tts.speak("Good morning.", VOICE, consent=consent)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"language": "xx"}, "does not speak this language"), ({"speed": 3.0}, "out of range"), ({"pich": 1}, "pich")],
)
def test_a_wrong_option_is_refused(tts, voice, options, words):
    with pytest.raises((InputError, TypeError), match=words):
        tts.speak("Good morning.", voice, **options)


def test_a_text_without_words_is_refused(tts, voice):
    with pytest.raises(TextError):
        tts.speak(["Good morning.", "..."], voice)
