"""Table of the training phases with their defaults, and construction of their recipes."""

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
    """Default schedule of a training phase on one CPU core, and the networks it trains."""

    n_steps: int
    learning_rate: float = 2e-3
    """Peak learning rate."""
    sole_network: str = ""
    """Name in the bundle of the only network of the phase, whose checkpoint has no name prefix; empty otherwise."""

    parts: tuple[str, ...] = ()
    """Networks that are trained together and kept; each has its name as prefix in the checkpoint."""

    ships: bool = True
    """True if its networks go into a bundle."""

    starts_from: str = ""
    """Phase whose weights it starts from."""

    def ships_weight(self, name: str) -> bool:
        """True if a weight of the phase, with its network's prefix, goes into a bundle."""
        return self.ships and (not self.parts or name.partition(".")[0] in self.parts)


PLANS = {
    "waveform": Plan(2400, sole_network="waveform"),
    "content": Plan(4000, learning_rate=1.5e-3, parts=("content",)),
    "acoustic": Plan(7000, parts=("acoustic", "content"), starts_from="content"),
    "text_to_vector": Plan(6000, sole_network="text_to_vector"),
    "likeness": Plan(1800, ships=False, parts=("judge", "class_weights")),
    "strangers": Plan(4000, learning_rate=4e-4, parts=("acoustic", "content"), starts_from="acoustic"),
    "adversarial": Plan(6000, learning_rate=6e-4, parts=("waveform",), starts_from="waveform"),
    "surroundings": Plan(150, learning_rate=2e-2, parts=("surroundings",)),
}
"""Phases of the speech model in training order. Where two phases train a network, the later one starts from the weights
of the earlier one, and its weights ship."""

LEARN_FROM_THE_CHAIN = ("adversarial", "surroundings")
"""Phases that need the trained networks of the whole pipeline; they run last."""

FULL_BAND_PLANS = {
    "speechsr_lite": Plan(2200),
    "speechsr_lite_adversarial": Plan(1500, learning_rate=4e-4, starts_from="speechsr_lite"),
}
"""Phases of SpeechSR-Lite, in training order; they read full-band recordings directly. The last one's weights ship."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Frozen networks of earlier phases that a recipe uses; None if not trained yet."""

    content: ContentEncoder | None = None
    """Content encoder from its own phase, whose vectors are the feature space of the pipeline."""
    phones: nn.Linear | None = None
    """Phone classifier on the content encoder's vectors."""
    text_to_vector: TextToVector | None = None
    """Text side, which predicts semantic vectors and F0."""
    judge: VoiceJudge | None = None
    """Speaker encoder."""
    chain: LiteNetworks | None = None
    """All networks that ship; untrained ones keep their initial weights."""


def make_recipe(phase: str, data: Path, config: LiteConfig, device: str, prerequisites: Earlier = Earlier()) -> Recipe:  # noqa: B008 - a frozen value
    """Create the recipe of a phase.

    Args:
        phase: A key of `PLANS` or `FULL_BAND_PLANS`.
        data: Folder of prepared speech; for `FULL_BAND_PLANS` one of Parquet files.
        config: Size of the networks; not used by `FULL_BAND_PLANS`.
        device: Device to train on.
        prerequisites: Networks of earlier phases.

    Raises:
        InputError: There is no such phase, or the folder lacks what the phase needs.
    """
    if phase in FULL_BAND_PLANS:
        return _full_band_recipe(phase, data, device)
    if phase not in PLANS:
        raise InputError("There is no such model to train", wanted=", ".join(PLANS | FULL_BAND_PLANS), got=phase)
    prepared = PreparedSet(data)
    if phase == "waveform":
        from hierbatch.training.recipes.waveform import WaveformRecipe

        return WaveformRecipe(prepared, config, device)
    if phase == "acoustic":
        from hierbatch.training.recipes.acoustic import AcousticRecipe

        return AcousticRecipe(prepared, config, device, teacher=prerequisites.content)
    if phase == "likeness":
        from hierbatch.training.recipes.likeness import LikenessRecipe

        return LikenessRecipe(prepared, config, device)
    if phase == "strangers":
        from hierbatch.training.recipes.strangers import StrangersRecipe

        return StrangersRecipe(
            prepared,
            config,
            device,
            teacher=prerequisites.content,
            text_to_vector=prerequisites.text_to_vector,
            judge=prerequisites.judge,
        )
    if phase in LEARN_FROM_THE_CHAIN:
        return _pipeline_recipe(phase, prepared, config, device, prerequisites.chain)
    if phase == "text_to_vector":
        from hierbatch.training.recipes.text_to_vector import TextToVectorRecipe

        return TextToVectorRecipe(prepared, config, device, content=prerequisites.content, phones=prerequisites.phones)
    from hierbatch.training.recipes.content import ContentRecipe

    return ContentRecipe(prepared, config, device, anchor=prerequisites.content)


def _pipeline_recipe(
    phase: str, prepared: PreparedSet, config: LiteConfig, device: str, chain: LiteNetworks | None
) -> Recipe:
    """Recipe of one of `LEARN_FROM_THE_CHAIN`."""
    if phase == "adversarial":
        from hierbatch.training.recipes.adversarial import AdversarialRecipe

        return AdversarialRecipe(prepared, config, device, chain=chain)
    from hierbatch.training.recipes.surroundings import SurroundingsRecipe

    if chain is None:
        raise InputError("There is no style encoder", wanted="trained networks", mend="train acoustic first")
    return SurroundingsRecipe(prepared, config, chain, device)


def _full_band_recipe(phase: str, data: Path, device: str) -> Recipe:
    """Recipe of one of `FULL_BAND_PLANS`."""
    from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
    from hierbatch.training.full_band import read_full_band
    from hierbatch.training.recipes.speechsr_lite import SpeechSRLiteRecipe
    from hierbatch.training.recipes.speechsr_lite_adversarial import SpeechSRLiteAdversarialRecipe

    recipe = SpeechSRLiteRecipe if phase == "speechsr_lite" else SpeechSRLiteAdversarialRecipe
    return recipe(read_full_band(data), SpeechSRLiteConfig(), device)
