"""Table of the training phases with their defaults, and construction of their recipes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from hierbatch.errors import InputError
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import LiteContentEncoder
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.text_to_vector import LiteTextToVector
from hierbatch.training.phase_recipe import PhaseRecipe
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.prepared_settings import check_features
from hierbatch.training.recipes.speaker_encoder import SpeakerEncoder


@dataclass(frozen=True, slots=True)
class PhaseDefaults:
    """Default schedule of a training phase on one CPU core, and the networks that the phase trains."""

    n_steps: int
    learning_rate: float = 2e-3
    """Peak learning rate."""
    sole_network: str = ""
    """Bundle name of the only network, whose weights have no prefix in a checkpoint; empty if there are several."""

    components: tuple[str, ...] = ()
    """Networks that are trained together and ship; their names are the prefixes of weights in the checkpoint."""

    ships: bool = True
    """True if the networks of the phase go into a bundle."""

    starts_from: tuple[str, ...] = ()
    """Phases that can provide the initial weights; the last of them that has a checkpoint is used."""

    @property
    def networks(self) -> tuple[str, ...]:
        """Names of the networks that the phase trains."""
        return self.components or (self.sole_network,)

    def ships_weight(self, name: str) -> bool:
        """True if a weight goes into a bundle; `name` includes the prefix of the weight's network."""
        return self.ships and (not self.components or name.partition(".")[0] in self.components)


PHASES = {
    "vocoder": PhaseDefaults(2400, sole_network="vocoder"),
    "content-encoder": PhaseDefaults(4000, learning_rate=1.5e-3, components=("content_encoder",)),
    "acoustic": PhaseDefaults(7000, components=("acoustic", "content_encoder"), starts_from=("content-encoder",)),
    "text-to-vector": PhaseDefaults(6000, sole_network="text_to_vector"),
    "speaker-encoder": PhaseDefaults(1800, ships=False, components=("speaker_encoder", "class_weights")),
    "cross-speaker": PhaseDefaults(
        4000, learning_rate=4e-4, components=("acoustic", "content_encoder"), starts_from=("acoustic",)
    ),
    "text-to-vector-tuning": PhaseDefaults(
        600, learning_rate=4e-4, sole_network="text_to_vector", starts_from=("text-to-vector",)
    ),
    "prosody": PhaseDefaults(1500, learning_rate=1e-3, sole_network="prosody"),
    "pauses": PhaseDefaults(1500, sole_network="pauses"),
    "acoustic-tuning": PhaseDefaults(
        800, learning_rate=3e-4, components=("acoustic",), starts_from=("acoustic", "cross-speaker")
    ),
    "vocoder-gan": PhaseDefaults(6000, learning_rate=6e-4, components=("vocoder",), starts_from=("vocoder",)),
    "style-denoiser": PhaseDefaults(150, learning_rate=2e-2, components=("style_denoiser",)),
}
"""Phases of the speech model in training order. Where two phases train a network, the later one starts from the weights
of the earlier one, and the later weights ship."""

PIPELINE_PHASES = ("text-to-vector-tuning", "prosody", "pauses", "acoustic-tuning", "vocoder-gan", "style-denoiser")
"""Phases that need the trained networks of the whole pipeline; they run last.

`cross-speaker` is the last phase that changes the content encoder. The two tuning phases then adapt the networks that
predict the encoder's vectors from text, and the acoustic model, which receives such vectors.
"""

FULL_BAND_PHASES = {
    "speechsr-lite": PhaseDefaults(2200),
    "speechsr-lite-gan": PhaseDefaults(1500, learning_rate=4e-4, starts_from=("speechsr-lite",)),
}
"""Phases of SpeechSR-Lite, in training order, on full-band recordings. The weights of the last phase ship."""


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """Frozen networks of earlier phases that a recipe uses; each is None if it is not trained yet."""

    content_encoder: LiteContentEncoder | None = None
    """Content encoder from the content-encoder phase; its vectors are the feature space of the pipeline."""
    phones: nn.Linear | None = None
    """Phone classifier on the content encoder's vectors."""
    text_to_vector: LiteTextToVector | None = None
    """Text-to-vector network, which predicts semantic vectors and F0."""
    speaker_encoder: SpeakerEncoder | None = None
    """Speaker encoder for the speaker losses of the cross-speaker phase."""
    pipeline: LiteNetworks | None = None
    """All networks that ship; untrained ones keep their initial weights."""


def make_recipe(
    phase: str,
    data: Path,
    config: LiteConfig,
    device: str,
    prerequisites: Prerequisites = Prerequisites(),  # noqa: B008 - a frozen value
) -> PhaseRecipe:
    """Create the recipe of a phase.

    Args:
        phase: a key of `PHASES` or `FULL_BAND_PHASES`.
        data: folder of prepared speech; for `FULL_BAND_PHASES`, folder of Parquet files with recordings.
        config: hyperparameters of the networks; not used by `FULL_BAND_PHASES`.
        device: device to train on.
        prerequisites: networks of earlier phases.

    Raises:
        InputError: there is no such phase, or the folder lacks what the phase needs.
    """
    if phase in FULL_BAND_PHASES:
        return _full_band_recipe(phase, data, device)
    if phase not in PHASES:
        raise InputError("There is no such model to train", expected=", ".join(PHASES | FULL_BAND_PHASES), got=phase)
    prepared = PreparedSet(data)
    check_features(data, prepared.settings, config.semantic_channels)
    return _RECIPES[phase](prepared, config, device, prerequisites)


def _vocoder(prepared: PreparedSet, config: LiteConfig, device: str, _: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.vocoder import VocoderRecipe

    return VocoderRecipe(prepared, config, device)


def _content_encoder(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.content_encoder import ContentEncoderRecipe

    return ContentEncoderRecipe(prepared, config, device, anchor=earlier.content_encoder)


def _acoustic(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.acoustic import AcousticRecipe

    return AcousticRecipe(prepared, config, device, teacher=earlier.content_encoder)


def _text_to_vector(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.text_to_vector import LiteTextToVectorRecipe

    return LiteTextToVectorRecipe(prepared, config, device, content=earlier.content_encoder, phones=earlier.phones)


def _speaker_encoder(prepared: PreparedSet, config: LiteConfig, device: str, _: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.speaker_encoder import SpeakerEncoderRecipe

    return SpeakerEncoderRecipe(prepared, config, device)


def _cross_speaker(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.cross_speaker import CrossSpeakerRecipe

    return CrossSpeakerRecipe(
        prepared,
        config,
        device,
        teacher=earlier.content_encoder,
        text_to_vector=earlier.text_to_vector,
        speaker_encoder=earlier.speaker_encoder,
    )


def _text_to_vector_tuning(
    prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites
) -> PhaseRecipe:
    content = None if earlier.pipeline is None else earlier.pipeline.content_encoder
    return _text_to_vector(prepared, config, device, replace(earlier, content_encoder=content))


def _prosody(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.prosody import ProsodyRecipe

    if earlier.pipeline is None:
        raise InputError("There is no text side", expected="trained networks", fix="train text-to-vector first")
    return ProsodyRecipe(prepared, config, earlier.pipeline.text_to_vector, device)


def _pauses(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.pauses import PauseRecipe

    if earlier.pipeline is None:
        raise InputError("There is no text side", expected="trained networks", fix="train text-to-vector first")
    return PauseRecipe(prepared, config, earlier.pipeline.text_to_vector, device)


def _acoustic_tuning(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.acoustic_tuning import AcousticTuningRecipe

    return AcousticTuningRecipe(
        prepared, config, device, pipeline=earlier.pipeline, speaker_encoder=earlier.speaker_encoder
    )


def _vocoder_gan(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.vocoder_gan import VocoderGanRecipe

    return VocoderGanRecipe(prepared, config, device, pipeline=earlier.pipeline)


def _style_denoiser(prepared: PreparedSet, config: LiteConfig, device: str, earlier: Prerequisites) -> PhaseRecipe:
    from hierbatch.training.recipes.style_denoiser import StyleDenoiserRecipe

    if earlier.pipeline is None:
        raise InputError("There is no style encoder", expected="trained networks", fix="train acoustic first")
    return StyleDenoiserRecipe(prepared, config, earlier.pipeline, device)


_RECIPES: Mapping[str, Callable[[PreparedSet, LiteConfig, str, Prerequisites], PhaseRecipe]] = {
    "vocoder": _vocoder,
    "content-encoder": _content_encoder,
    "acoustic": _acoustic,
    "text-to-vector": _text_to_vector,
    "speaker-encoder": _speaker_encoder,
    "cross-speaker": _cross_speaker,
    "text-to-vector-tuning": _text_to_vector_tuning,
    "prosody": _prosody,
    "pauses": _pauses,
    "acoustic-tuning": _acoustic_tuning,
    "vocoder-gan": _vocoder_gan,
    "style-denoiser": _style_denoiser,
}
"""Constructors of recipes by phase; each imports its recipe when it is called."""


def _full_band_recipe(phase: str, data: Path, device: str) -> PhaseRecipe:
    """Create the recipe of one of `FULL_BAND_PHASES`."""
    from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
    from hierbatch.training.full_band import read_full_band
    from hierbatch.training.recipes.speechsr_lite import SpeechSRLiteRecipe
    from hierbatch.training.recipes.speechsr_lite_gan import SpeechSRLiteGanRecipe

    recipe = SpeechSRLiteRecipe if phase == "speechsr-lite" else SpeechSRLiteGanRecipe
    return recipe(read_full_band(data), SpeechSRLiteConfig(), device)
