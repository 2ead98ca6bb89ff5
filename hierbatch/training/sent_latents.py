"""Latents as the chain sends them to the waveform stage: matched to the prompt as the shipped bundle asks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hierbatch.models.lite.covariance import match_covariance
from hierbatch.models.lite.matching import LatentMatching
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.units import MELS_PER_FRAME

_MATCHING = LatentMatching(mean_share=1.0, spread_share=1.0)
_COVARIANCE_SHARES = {"en": 0.0, "ko": 0.7}


def covariance_shares(languages: Sequence[str], device: str) -> Tensor:
    """How far rows of text in these languages go to how the prompt's bands move together. Shape: returns [B]."""
    return torch.tensor([_COVARIANCE_SHARES[language] for language in languages], device=device)


def send(latent: Tensor, mask: Tensor, prompt: PromptFrames, shares: Tensor | None = None) -> Tensor:
    """What the waveform stage is given.

    Shape:
        latent   [B, 2T, M]
        mask     [B, T, 1]  bool
        shares   [B]        by `covariance_shares`; none for what is heard, not read
        returns  [B, 2T, M]
    """
    mels = mask.repeat_interleave(MELS_PER_FRAME, 1)
    matched = _MATCHING(latent, mels, prompt)
    return matched if shares is None else match_covariance(matched, mels, prompt, shares)
