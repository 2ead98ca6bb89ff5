"""F0 transfer of HierSpeech++ from one voice to another: mean and standard deviation in Hz over the voiced frames.

Legend: T frames of F0, 0 where unvoiced.
"""

from __future__ import annotations

import numpy as np

from hierbatch.audio.pitch import F0
from hierbatch.errors import PromptError

_MIN_SPREAD_HZ = 1e-3


def transfer_log_f0(f0_hz: F0, prompt_f0_hz: F0, key_shift_semitones: float = 0.0) -> F0:
    """Change F0 to the prompt's mean and standard deviation, and return ln(F0 + 1) for the HierSpeech++ synthesizer.

    Args:
        f0_hz: F0 of the source in Hz, 0 where unvoiced.
        prompt_f0_hz: F0 of the prompt in Hz, 0 where unvoiced.
        key_shift_semitones: transposition of the result.

    Shape:
        f0_hz         [T]
        prompt_f0_hz  [any]
        returns       [T]  0 where unvoiced

    Raises:
        PromptError: the prompt has no voiced frame (the HierSpeech++ script outputs NaN in this case).
    """
    is_voiced, prompt = f0_hz > 0, prompt_f0_hz[prompt_f0_hz > 0]
    if not len(prompt):
        raise PromptError(
            "There is no voice in the prompt",
            expected="one person speaking",
            got="no voiced sound",
            fix="use another recording as the prompt",
        )
    voiced = f0_hz[is_voiced].astype(np.float32)
    transferred = np.zeros(len(f0_hz), np.float32)
    if len(voiced):
        # A monotone has no standard deviation to divide by: it is moved to the prompt's mean.
        spread = max(float(voiced.std()), _MIN_SPREAD_HZ)
        scaled = (voiced - voiced.mean()) / spread * prompt.std() + prompt.mean()
        transferred[is_voiced] = np.maximum(scaled, 0.0) * 2 ** (key_shift_semitones / 12)
    return np.log(transferred + 1).astype(np.float32)
