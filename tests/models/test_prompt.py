import numpy as np

from hierbatch.audio.level import SPEECH_RMS, speech_rms
from hierbatch.audio.waveform import Waveform
from hierbatch.models.prompt import MAX_PROMPT_S, clean_prompt


def tone(duration_s: float, rate_hz: int) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 300 * np.arange(int(duration_s * rate_hz)) / rate_hz)).astype(np.float32)


def test_silent_ends_go_and_the_level_is_set() -> None:
    silence = np.zeros(16000, np.float32)
    cleaned = clean_prompt(Waveform(np.concatenate([silence, tone(4.0, 16000), silence]), 16000))
    assert abs(cleaned.duration_s - 4.0) < 0.15
    assert abs(speech_rms(cleaned) - SPEECH_RMS) < 1e-3
    assert cleaned.n_samples % 320 == 0


def test_any_rate_is_read_at_sixteen_kilohertz() -> None:
    cleaned = clean_prompt(Waveform(tone(3.0, 44100), 44100))
    spectrum = np.abs(np.fft.rfft(cleaned.samples * np.hanning(cleaned.n_samples)))
    assert abs(np.fft.rfftfreq(cleaned.n_samples, 1 / 16000)[spectrum.argmax()] - 300) < 1


def test_a_long_prompt_is_cut() -> None:
    assert clean_prompt(Waveform(tone(40.0, 16000), 16000)).duration_s == MAX_PROMPT_S
