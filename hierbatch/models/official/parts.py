"""The published networks, each filled with its part of an imported bundle."""

from __future__ import annotations

from typing import Any

from torch import nn

from hierbatch.errors import BundleError
from hierbatch.models.bundle import Bundle
from hierbatch.models.content_encoder.config import ContentEncoderConfig
from hierbatch.models.content_encoder.model import ContentEncoder
from hierbatch.models.denoiser.config import DenoiserConfig
from hierbatch.models.denoiser.model import Denoiser
from hierbatch.models.synthesizer.config import SynthesizerConfig
from hierbatch.models.synthesizer.model import Synthesizer


def load_synthesizer(bundle: Bundle) -> Synthesizer:
    """Without what only training needs; raises BundleError as `load_part` does."""
    synthesizer = Synthesizer(SynthesizerConfig(**part_sizes(bundle, "synthesizer")), is_for_training=False)
    load_part(synthesizer, bundle, "synthesizer", but_for="training_parts.")
    return synthesizer


def load_content_encoder(bundle: Bundle) -> ContentEncoder:
    """Raises BundleError as `load_part` does."""
    content = ContentEncoder(ContentEncoderConfig(**part_sizes(bundle, "content_encoder")))
    load_part(content, bundle, "content_encoder")
    return content


def load_denoiser(bundle: Bundle) -> Denoiser:
    """Raises BundleError as `load_part` does."""
    denoiser = Denoiser(DenoiserConfig(**part_sizes(bundle, "denoiser")))
    load_part(denoiser, bundle, "denoiser")
    return denoiser


def part_sizes(bundle: Bundle, part: str) -> dict[str, Any]:
    """Sizes that differ from the published ones, if the bundle names any."""
    sizes = bundle.config.get(part, {})
    return {name: tuple(size) if isinstance(size, list) else size for name, size in sizes.items()}


def load_part(network: nn.Module, bundle: Bundle, part: str, *, but_for: str = "\0") -> None:
    """Fill a network with a part of a bundle, without the weights whose names start with `but_for`.

    Raises:
        BundleError: there is no such part, it is damaged, or it does not fit.
    """
    weights = {name: value for name, value in bundle.load_part(part).items() if not name.startswith(but_for)}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BundleError(
            f"The weights of bundle {bundle.name!r} do not fit {type(network).__name__}",
            got="; ".join(line.strip() for line in str(error).splitlines()[1:4]),
            mend="import the bundle again",
        ) from error
