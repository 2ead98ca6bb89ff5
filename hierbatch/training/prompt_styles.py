"""Style vectors of recorded sentences for training, each from another recording of the same speaker.

Legend: B batch, S style.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.constants import MELS_PER_FRAME
from hierbatch.models.lite.text_to_vector import LiteTextToVector
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.sampling import SpeakerSampler, UtteranceSegment, load_batch

_PROMPT_FRAMES = 200


class PromptStyles:
    """Encoder of the styles of random prompts."""

    def __init__(
        self, prepared: PreparedSet, utterances: Sequence[PreparedUtterance], network: LiteTextToVector, device: str
    ) -> None:
        """Create the encoder.

        Args:
            prepared: prepared speech.
            utterances: utterances that prompts are drawn from.
            network: text side with the style encoder.
            device: device of the network.
        """
        self._prepared, self._network, self._device = prepared, network, device
        self._speakers = SpeakerSampler(utterances, korean_share=None)
        self._mel = LogMel().to(device)

    @torch.no_grad()
    def encode(self, segments: Sequence[UtteranceSegment], rng: np.random.Generator) -> Tensor:
        """Encode a random prompt for each segment. Shape: returns [B, S]."""
        prompts = [self._speakers.prompt_for(segment, _PROMPT_FRAMES, rng) for segment in segments]
        arrays = load_batch(self._prepared, prompts)
        lengths = torch.from_numpy(arrays.lengths * MELS_PER_FRAME).to(self._device)
        style: Tensor = self._network.style(self._mel(torch.from_numpy(arrays.audio).to(self._device)), lengths)
        return style
