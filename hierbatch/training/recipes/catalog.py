"""The networks that can be trained, by name, and how long each learns by default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from hierbatch.errors import InputError
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import ContentEncoder
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.text_to_vector import TextToVector
from hierbatch.training.loop import Recipe
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.recipes.likeness import VoiceJudge


@dataclass(frozen=True, slots=True)
class Plan:
    """Default length of a training run on one CPU core, and whose weights it trains."""

    n_steps: int
    learning_rate: float = 2e-3
    parts: tuple[str, ...] = ()
    """Networks that are trained together here, under their own names; the one of the plan's name where empty."""

    ships: bool = True
    """Whether anything of it goes into a bundle."""

    starts_from: str = ""
    """The plan whose networks it goes on with."""

    def bundle_name(self, model: str, weight: str) -> str | None:
        """A weight's name in the bundle, or None where it does not go there."""
        if not self.ships:
            return None
        if not self.parts:
            return f"{model}.{weight}"
        return weight if weight.split(".")[0] in self.parts else None


PLANS = {
    "waveform": Plan(2400),
    "content": Plan(4000, learning_rate=1.5e-3, parts=("content",)),
    "acoustic": Plan(7000, parts=("acoustic", "content"), starts_from="content"),
    "text_to_vector": Plan(6000),
    "likeness": Plan(1800, ships=False, parts=("judge", "voices")),
    "strangers": Plan(4000, learning_rate=4e-4, parts=("acoustic", "content"), starts_from="acoustic"),
    "adversarial": Plan(6000, learning_rate=6e-4, parts=("waveform",), starts_from="waveform"),
    "surroundings": Plan(150, learning_rate=2e-2, parts=("surroundings",)),
}
"""The networks of the speech model, in the order they are best trained; where two plans train a network, the later one
starts from what the earlier left, and its own is kept."""

LEARN_FROM_THE_CHAIN = ("adversarial", "surroundings")
"""What comes last, when all networks have learned something."""

FULL_BAND_PLANS = {
    "speechsr_lite": Plan(2200),
    "speechsr_lite_adversarial": Plan(1500, learning_rate=4e-4, starts_from="speechsr_lite"),
}
"""The networks that learn from full-band recordings as they are, in their order; the later one's is kept."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Finished networks that later plans learn from; None where there is none yet."""

    content: ContentEncoder | None = None
    """The encoder as its own school left it: its vectors are the language of the chain."""
    phones: nn.Linear | None = None
    """Reads phones off the encoder's vectors."""
    text_to_vector: TextToVector | None = None
    judge: VoiceJudge | None = None
    """Knows voices."""
    chain: LiteNetworks | None = None
    """All networks that ship, as far as they are trained."""


def make_recipe(model: str, data: Path, config: LiteConfig, device: str, earlier: Earlier = Earlier()) -> Recipe:  # noqa: B008 - a frozen value
    """The recipe of one network on the recordings in a folder.

    Raises:
        InputError: there is no such network, or the folder lacks what it needs.
    """
    if model in FULL_BAND_PLANS:
        return _full_band_recipe(model, data, device)
    if model not in PLANS:
        raise InputError("There is no such model to train", wanted=", ".join(PLANS | FULL_BAND_PLANS), got=model)
    prepared = PreparedSet(data)
    if model == "waveform":
        from hierbatch.training.recipes.waveform import WaveformRecipe

        return WaveformRecipe(prepared, config, device)
    if model == "acoustic":
        from hierbatch.training.recipes.acoustic import AcousticRecipe

        return AcousticRecipe(prepared, config, device, teacher=earlier.content)
    if model == "likeness":
        from hierbatch.training.recipes.likeness import LikenessRecipe

        return LikenessRecipe(prepared, config, device)
    if model == "strangers":
        from hierbatch.training.recipes.strangers import StrangersRecipe

        return StrangersRecipe(
            prepared, config, device, teacher=earlier.content, speaker=earlier.text_to_vector, judge=earlier.judge
        )
    if model in LEARN_FROM_THE_CHAIN:
        return _finishing_recipe(model, prepared, config, device, earlier.chain)
    if model == "text_to_vector":
        from hierbatch.training.recipes.text_to_vector import TextToVectorRecipe

        return TextToVectorRecipe(prepared, config, device, content=earlier.content, phones=earlier.phones)
    from hierbatch.training.recipes.content import ContentRecipe

    return ContentRecipe(prepared, config, device, before=earlier.content)


def _finishing_recipe(
    model: str, prepared: PreparedSet, config: LiteConfig, device: str, chain: LiteNetworks | None
) -> Recipe:
    if model == "adversarial":
        from hierbatch.training.recipes.adversarial import AdversarialRecipe

        return AdversarialRecipe(prepared, config, device, chain=chain)
    from hierbatch.training.recipes.surroundings import SurroundingsRecipe

    if chain is None:
        raise InputError("There are no styles to learn from", wanted="a trained chain", mend="train acoustic first")
    return SurroundingsRecipe(prepared, config, chain, device)


def _full_band_recipe(model: str, data: Path, device: str) -> Recipe:
    from hierbatch.models.speechsr_lite.config import SpeechSRLiteConfig
    from hierbatch.training.full_band import read_full_band
    from hierbatch.training.recipes.speechsr_lite import SpeechSRLiteRecipe
    from hierbatch.training.recipes.speechsr_lite_adversarial import SpeechSRLiteAdversarialRecipe

    recipe_of = SpeechSRLiteRecipe if model == "speechsr_lite" else SpeechSRLiteAdversarialRecipe
    return recipe_of(read_full_band(data), SpeechSRLiteConfig(), device)
