"""Table of the training recipes of the published networks: configuration, data and component of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.discriminators.weights import name_table as discriminator_names
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.weights import NORMALIZED_LAYERS as NORMALIZED_SPEECHSR
from hierbatch.models.hierspeechpp.speechsr.weights import name_table as speechsr_names
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.weights import NORMALIZED_LAYERS as NORMALIZED_SYNTHESIZER
from hierbatch.models.hierspeechpp.synthesizer.weights import name_table as synthesizer_names
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.weights import NORMALIZED_LAYERS as NORMALIZED_TTV
from hierbatch.models.hierspeechpp.text_to_vector.weights import name_table as ttv_names
from hierbatch.models.weights.checkpoint import NameTable
from hierbatch.training.full_band import read_full_band
from hierbatch.training.hierspeechpp import speechsr, synthesizer, text_to_vector
from hierbatch.training.hierspeechpp.open_speech import open_full_rate_sounds, open_speech
from hierbatch.training.hierspeechpp.speechsr_config import SpeechSRTraining
from hierbatch.training.hierspeechpp.synthesizer_config import SynthesizerTraining
from hierbatch.training.hierspeechpp.text_to_vector_config import TextToVectorTraining
from hierbatch.training.trainer.recipe import Recipe

_MIN_RATE_OF_48K_HZ = 44_100


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeInputs:
    """Data, device and preset of a training run."""

    data: Path
    """Folder of prepared speech; for SpeechSR, folder of recordings."""
    recordings: Path | None
    """Full-band recordings of the prepared speech, for a synthesizer with a rate above 16 kHz."""
    device: str
    preset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeKind:
    """Training recipe of a network, and its component of a bundle."""

    name: str
    """Name of the network on the command line and of the bundle's component."""
    config: type[Any]
    default_config: str
    presets: Sequence[str]
    make: Callable[[Any, RecipeInputs], Recipe]
    names: Callable[[Any], NameTable]
    """Function from a configuration to the table of the generator's published weight names."""
    normalized: Sequence[str]
    published_sizes: Any
    """Configuration of the published network."""

    def sizes(self, config: Any) -> dict[str, Any]:
        """Hyperparameters that differ from those of the published network, as a bundle stores them."""
        published_sizes = asdict(self.published_sizes)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(config.network).items()
            if value != published_sizes[name]
        }


def find_recipe(name: str) -> RecipeKind:
    """Find a recipe by name.

    Raises:
        InputError: there is no recipe of this name.
    """
    if name not in RECIPES:
        raise InputError("There is no such network to train", expected=", ".join(RECIPES), got=repr(name))
    return RECIPES[name]


def discriminator_table(config: Any) -> NameTable:
    """Table of the published weight names of a configuration's discriminators."""
    return discriminator_names(config.discriminators)


def _make_synthesizer(config: SynthesizerTraining, inputs: RecipeInputs) -> Recipe:
    speech = open_speech(inputs.data, config.network.semantic_channels)
    sounds = open_full_rate_sounds(inputs.data, inputs.recordings, config.rate_hz, speech)
    return synthesizer.SynthesizerRecipe(config, speech, device=inputs.device, preset=inputs.preset, sounds=sounds)


def _make_text_to_vector(config: TextToVectorTraining, inputs: RecipeInputs) -> Recipe:
    speech = open_speech(inputs.data, config.network.semantic_channels)
    return text_to_vector.TextToVectorRecipe(config, speech, device=inputs.device, preset=inputs.preset)


def _make_speechsr(config: SpeechSRTraining, inputs: RecipeInputs) -> Recipe:
    rate_hz = config.network.rate_hz
    clips = read_full_band(inputs.data, rate_hz=rate_hz, min_rate_hz=min(rate_hz, _MIN_RATE_OF_48K_HZ))
    return speechsr.SpeechSRRecipe(config, clips, device=inputs.device, preset=inputs.preset)


RECIPES: Mapping[str, RecipeKind] = {
    kind.name: kind
    for kind in (
        RecipeKind(
            name="synthesizer",
            config=SynthesizerTraining,
            default_config="synthesizer_16k",
            presets=tuple(synthesizer.PRESETS),
            make=_make_synthesizer,
            names=lambda config: synthesizer_names(config.network),
            normalized=NORMALIZED_SYNTHESIZER,
            published_sizes=SynthesizerConfig(),
        ),
        RecipeKind(
            name="ttv",
            config=TextToVectorTraining,
            default_config="ttv",
            presets=tuple(text_to_vector.PRESETS),
            make=_make_text_to_vector,
            names=lambda _: ttv_names(),
            normalized=NORMALIZED_TTV,
            published_sizes=TextToVectorConfig(),
        ),
        *(
            RecipeKind(
                name=name,
                config=SpeechSRTraining,
                default_config=default_config,
                presets=tuple(speechsr.PRESETS),
                make=_make_speechsr,
                names=lambda _: speechsr_names(),
                normalized=NORMALIZED_SPEECHSR,
                published_sizes=sizes,
            )
            for name, default_config, sizes in (
                ("speechsr24k", "speechsr_24k", speechsr_24k()),
                ("speechsr48k", "speechsr_48k", speechsr_48k()),
            )
        ),
    )
}
