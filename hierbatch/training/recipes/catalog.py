"""The networks that can be trained, by name, and how long each learns by default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.models.lite.config import LiteConfig
from hierbatch.training.loop import Recipe
from hierbatch.training.prepared import PreparedSet


@dataclass(frozen=True, slots=True)
class Plan:
    """Default length of a training run on one CPU core."""

    n_steps: int
    learning_rate: float = 2e-3


PLANS = {
    "waveform": Plan(2400),
    "acoustic": Plan(7000),
    "text_to_vector": Plan(6000),
    "content": Plan(6000),
}
"""The networks of the speech model, in the order they are best trained."""

FULL_BAND_PLANS = {"speechsr_lite": Plan(2200)}
"""The networks that learn from full-band recordings as they are."""


def make_recipe(model: str, data: Path, config: LiteConfig, device: str) -> Recipe:
    """The recipe of one network on the recordings in a folder.

    Raises:
        InputError: there is no such network, or the folder lacks what it needs.
    """
    if model == "speechsr_lite":
        from hierbatch.models.speechsr_lite.config import SpeechSRLiteConfig
        from hierbatch.training.full_band import read_full_band
        from hierbatch.training.recipes.speechsr_lite import SpeechSRLiteRecipe

        return SpeechSRLiteRecipe(read_full_band(data), SpeechSRLiteConfig(), device)
    if model not in PLANS:
        raise InputError("There is no such model to train", wanted=", ".join(PLANS | FULL_BAND_PLANS), got=model)
    prepared = PreparedSet(data)
    if model == "waveform":
        from hierbatch.training.recipes.waveform import WaveformRecipe

        return WaveformRecipe(prepared, config, device)
    if model == "acoustic":
        from hierbatch.training.recipes.acoustic import AcousticRecipe

        return AcousticRecipe(prepared, config, device)
    if model == "text_to_vector":
        from hierbatch.training.recipes.text_to_vector import TextToVectorRecipe

        return TextToVectorRecipe(prepared, config, device)
    from hierbatch.training.recipes.content import ContentRecipe

    return ContentRecipe(prepared, config, device)
