"""The published rule that takes one voice's pitch to another's: mean and spread in Hz over the voiced frames.

Legend: T frames of F0, 0 where unvoiced.
"""

from __future__ import annotations

import numpy as np

from hierbatch.audio.pitch import F0
from hierbatch.errors import PromptError

_TINY_HZ = 1e-3


def log_f0_in_voice(f0_hz: F0, prompt_f0_hz: F0, key_shift_semitones: float = 0.0) -> F0:
    """What the published synthesizer is given: ln(F0 + 1) with the prompt's mean and spread, 0 where unvoiced.

    Shape:
        f0_hz         [T]
        prompt_f0_hz  [any]
        returns       [T]

    Raises:
        PromptError: nothing in the prompt is voiced. (The published script gives samples that are not numbers.)
    """
    is_voiced, prompt = f0_hz > 0, prompt_f0_hz[prompt_f0_hz > 0]
    if not len(prompt):
        raise PromptError("There is no voice in the prompt", wanted="one person speaking", got="no voiced sound")
    voiced = f0_hz[is_voiced].astype(np.float32)
    moved = np.zeros(len(f0_hz), np.float32)
    if len(voiced):
        # A monotone has no spread to be measured in: it takes the prompt's mean.
        spread = max(float(voiced.std()), _TINY_HZ)
        placed = (voiced - voiced.mean()) / spread * prompt.std() + prompt.mean()
        moved[is_voiced] = np.maximum(placed, 0.0) * 2 ** (key_shift_semitones / 12)
    return np.log(moved + 1).astype(np.float32)
