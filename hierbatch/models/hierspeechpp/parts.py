"""Loading of the published networks from the components of an imported bundle."""

from __future__ import annotations

from typing import Any

from torch import nn

from hierbatch.errors import BundleError
from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.weights.bundle import Bundle


def load_synthesizer(bundle: Bundle) -> Synthesizer:
    """Load the synthesizer without its training-only modules; raises BundleError as `load_component` does."""
    synthesizer = Synthesizer(SynthesizerConfig(**component_sizes(bundle, "synthesizer")), is_for_training=False)
    load_component(synthesizer, bundle, "synthesizer", excluded_prefix="training_parts.")
    return synthesizer


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
    """Network sizes in the bundle that differ from the published ones."""
    sizes = bundle.config.get(component, {})
    return {name: tuple(size) if isinstance(size, list) else size for name, size in sizes.items()}


def load_component(network: nn.Module, bundle: Bundle, component: str, *, excluded_prefix: str = "\0") -> None:
    """Load a component of a bundle into a network.

    Args:
        network: network to fill.
        bundle: imported bundle.
        component: name of the component.
        excluded_prefix: weights whose names start with it are skipped; none by default.

    Raises:
        BundleError: there is no such component, it is damaged, or it does not fit.
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
