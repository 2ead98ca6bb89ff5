import numpy as np
import pytest

from hierbatch.audio.hierspeechpp_pitch import transfer_log_f0
from hierbatch.errors import PromptError

PROMPT = np.array([0, 200, 220, 0, 240], np.float32)


def in_hz(log_f0):
    return np.exp(log_f0.astype(np.float64)) - 1


def test_voiced_frames_take_the_prompts_mean_and_spread():
    f0 = np.array([90, 0, 100, 120, 0, 150], np.float32)
    found = in_hz(transfer_log_f0(f0, PROMPT))
    assert (found[f0 == 0] == 0).all()
    voiced = found[f0 > 0]
    assert voiced.mean() == pytest.approx(220, abs=0.01)
    assert voiced.std() == pytest.approx(PROMPT[PROMPT > 0].std(), abs=0.01)
    assert (np.diff(voiced) > 0).all()


def test_a_key_shift_is_in_semitones():
    f0 = np.array([90, 100, 120], np.float32)
    plain, octave = (in_hz(transfer_log_f0(f0, PROMPT, shift)) for shift in (0, 12))
    assert octave == pytest.approx(2 * plain, rel=1e-5)


def test_a_monotone_takes_the_prompts_mean():
    assert in_hz(transfer_log_f0(np.full(4, 100, np.float32), PROMPT)) == pytest.approx([220] * 4, abs=0.01)


def test_a_whisper_stays_a_whisper_and_is_no_prompt():
    assert not transfer_log_f0(np.zeros(7, np.float32), PROMPT).any()
    with pytest.raises(PromptError, match="no voice in the prompt"):
        transfer_log_f0(PROMPT, np.zeros(3, np.float32))
