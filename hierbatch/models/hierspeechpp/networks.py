"""Networks of an imported bundle, and functions that load them from its components."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.models.weights.bundle import Bundle

SPEECHSR_DEFAULTS = {"speechsr24k": speechsr_24k(), "speechsr48k": speechsr_48k()}
"""Published configuration of each SpeechSR component, the one with the higher rate last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HierSpeechPPNetworks:
    """Networks of the HierSpeech++ pipeline.

    Without super-resolution the output is at 16 kHz; without a content encoder there is no voice conversion.
    """

    text_to_vector: TextToVector
    synthesizer: Synthesizer
    super_resolution: SpeechSR | None = None
    denoiser: Denoiser | None = None
    content: ContentEncoder | None = None

    @property
    def rate_hz(self) -> int:
        """Output rate of synthesized speech in Hz."""
        return self.super_resolution.config.rate_hz if self.super_resolution else self.synthesizer.config.rate_hz

    @staticmethod
    def from_bundle(bundle: Bundle) -> HierSpeechPPNetworks:
        """Load the networks of a bundle; of two SpeechSR networks, only the one with the higher rate.

        SpeechSR requires input at 16 kHz, and is left out if the synthesizer has another rate.

        Raises:
            BundleError: a network that synthesis requires is missing, or weights do not fit.
        """
        super_resolution, synthesizer = None, load_synthesizer(bundle)
        for name in SPEECHSR_DEFAULTS:
            if bundle.has_component(name) and synthesizer.config.rate_hz == RATE_HZ:
                super_resolution = load_speechsr(bundle, name)
        text_to_vector = TextToVector(TextToVectorConfig(**component_sizes(bundle, "ttv")))
        load_component(text_to_vector, bundle, "ttv")
        return HierSpeechPPNetworks(
            text_to_vector=text_to_vector,
            synthesizer=synthesizer,
            super_resolution=super_resolution,
            denoiser=load_denoiser(bundle) if bundle.has_component("denoiser") else None,
            content=load_content_encoder(bundle) if bundle.has_component("content_encoder") else None,
        )

    def place(self, placement: DevicePlacement) -> None:
        """Move all networks to the device; synthesizer, SpeechSR and content encoder are also compiled if requested."""
        for network in (self.text_to_vector, self.denoiser):
            if network is not None:
                network.to(placement.device).eval()
        for compiled in (self.synthesizer, self.super_resolution, self.content):
            if compiled is not None:
                placement.place(compiled)


def load_synthesizer(bundle: Bundle) -> Synthesizer:
    """Load the synthesizer without its training-only modules; raises BundleError as `load_component` does."""
    synthesizer = Synthesizer(SynthesizerConfig(**component_sizes(bundle, "synthesizer")), is_for_training=False)
    load_component(synthesizer, bundle, "synthesizer", excluded_prefix="training_modules.")
    return synthesizer


def load_speechsr(bundle: Bundle, component: str) -> SpeechSR:
    """Load one of the SpeechSR networks; raises BundleError as `load_component` does."""
    speechsr = SpeechSR(replace(SPEECHSR_DEFAULTS[component], **component_sizes(bundle, component)))
    load_component(speechsr, bundle, component)
    return speechsr


def load_content_encoder(bundle: Bundle) -> ContentEncoder:
    """Load the content encoder; raises BundleError as `load_component` does."""
    content = ContentEncoder(ContentEncoderConfig(**component_sizes(bundle, "content_encoder")))
    load_component(content, bundle, "content_encoder")
    return content


def load_denoiser(bundle: Bundle) -> Denoiser:
    """Load the denoiser; raises BundleError as `load_component` does."""
    denoiser = Denoiser(DenoiserConfig(**component_sizes(bundle, "denoiser")))
    load_component(denoiser, bundle, "denoiser")
    return denoiser


def component_sizes(bundle: Bundle, component: str) -> dict[str, Any]:
    """Hyperparameters of a component that differ from the published ones, as recorded in the bundle."""
    sizes = bundle.config.get(component, {})
    return {name: tuple(size) if isinstance(size, list) else size for name, size in sizes.items()}


def load_component(network: nn.Module, bundle: Bundle, component: str, *, excluded_prefix: str = "\0") -> None:
    """Load a component of a bundle into a network.

    Args:
        network: network to fill.
        bundle: imported bundle.
        component: name of the component.
        excluded_prefix: prefix of the names of weights to skip; by default no weights are skipped.

    Raises:
        BundleError: there is no such component, its file is missing or damaged, or its weights do not fit.
    """
    weights = {
        name: value for name, value in bundle.load_component(component).items() if not name.startswith(excluded_prefix)
    }
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BundleError(
            f"The weights of bundle {bundle.name!r} do not fit {type(network).__name__}",
            got="; ".join(line.strip() for line in str(error).splitlines()[1:4]),
            fix="import the bundle again",
        ) from error
