import numpy as np
import pytest

from hierbatch.audio.level import SPEECH_RMS, below_full_scale, speech_rms, to_speech_level
from hierbatch.audio.waveform import Waveform


def test_pauses_do_not_count() -> None:
    tone = np.sin(np.arange(16000) * 0.1).astype(np.float32) * 0.2
    pausing = np.concatenate([tone, np.zeros(32000, np.float32)])
    assert speech_rms(Waveform(pausing, 16000)) == pytest.approx(0.2 / np.sqrt(2), rel=0.01)
    assert speech_rms(to_speech_level(Waveform(pausing, 16000))) == pytest.approx(SPEECH_RMS, rel=1e-3)


def test_silence_stays_silence() -> None:
    assert (to_speech_level(Waveform(np.zeros(100, np.float32), 16000)).samples == 0).all()


def test_what_would_be_clipped_is_turned_down_by_one_gain() -> None:
    loud = np.sin(np.arange(16000) * 0.1).astype(np.float32) * 3
    made = below_full_scale(Waveform(loud, 16000)).samples
    assert 0.97 < np.abs(made).max() < 1
    assert np.allclose(made / np.abs(made).max(), loud / np.abs(loud).max(), atol=1e-6)


@pytest.mark.parametrize("peak", [0.0, 0.3, 0.97])
def test_what_fits_is_not_touched(peak: float) -> None:
    sound = Waveform(np.array([0, peak, -peak / 2], np.float32), 16000)
    assert below_full_scale(sound) is sound


def test_what_is_no_number_is_left_for_others_to_find() -> None:
    for bad in (np.nan, np.inf):
        assert not np.isfinite(below_full_scale(Waveform(np.array([0, bad], np.float32), 16000)).samples).all()
