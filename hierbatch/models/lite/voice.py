"""Encoded voices of the Lite networks.

Legend: B batch, P prompt frames (50/s), C semantic channels, M mel bands, S style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hierbatch.models.lite.timbre import PromptFrames


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteVoice:
    """Voice encoded from a prompt by `LitePipeline.encode_voice`.

    Shape:
        text_style, sound_style  [S]
        semantic                 [P, C]   semantic vectors of the prompt
        mel                      [2P, M]  log-mel of the prompt
    """

    text_style: npt.NDArray[np.float32]
    sound_style: npt.NDArray[np.float32]
    semantic: npt.NDArray[np.float32]
    mel: npt.NDArray[np.float32]
    median_f0_hz: float
    f0_spread_semitones: float
    sha256: str
    speed: float = 1.0
    """Scale factor for the speaking rate of this voice."""
    prosody: float = 1.0
    """Scale factor for the spread of log F0 of this voice."""
    breathiness: float = 0.0
    """Share of the pulses that is removed from voiced frames, 0 to 1."""


def stack_prompts(voices: Sequence[LiteVoice], device: str) -> PromptFrames:
    """Stack the prompt frames of a batch, one voice per row.

    Shape:
        returns  semantic [B, P, C], mel [B, 2P, M]
    """

    def pad(rows: Sequence[npt.NDArray[np.float32]]) -> Tensor:
        return nn.utils.rnn.pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True).to(device)

    return PromptFrames(
        semantic=pad([voice.semantic for voice in voices]),
        mel=pad([voice.mel for voice in voices]),
        lengths=torch.tensor([len(voice.semantic) for voice in voices], device=device),
    )
