import numpy as np
import pytest

from hierbatch.audio.level import SPEECH_RMS, speech_rms, to_speech_level
from hierbatch.audio.waveform import Waveform


def test_pauses_do_not_count() -> None:
    tone = np.sin(np.arange(16000) * 0.1).astype(np.float32) * 0.2
    pausing = np.concatenate([tone, np.zeros(32000, np.float32)])
    assert speech_rms(Waveform(pausing, 16000)) == pytest.approx(0.2 / np.sqrt(2), rel=0.01)
    assert speech_rms(to_speech_level(Waveform(pausing, 16000))) == pytest.approx(SPEECH_RMS, rel=1e-3)


def test_silence_stays_silence() -> None:
    assert (to_speech_level(Waveform(np.zeros(100, np.float32), 16000)).samples == 0).all()
