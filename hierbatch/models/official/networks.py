"""The networks of an imported bundle that speaking needs, loaded from its parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from torch import nn

from hierbatch.models.bundle import Bundle
from hierbatch.models.content_encoder.config import ContentEncoderConfig
from hierbatch.models.content_encoder.model import ContentEncoder
from hierbatch.models.denoiser.config import DenoiserConfig
from hierbatch.models.denoiser.model import Denoiser
from hierbatch.models.official.conversion import load_part, part_sizes
from hierbatch.models.placement import Placement
from hierbatch.models.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.speechsr.model import SpeechSR
from hierbatch.models.synthesizer.config import SynthesizerConfig
from hierbatch.models.synthesizer.model import Synthesizer
from hierbatch.models.text_to_vector.config import TextToVectorConfig
from hierbatch.models.text_to_vector.model import TextToVector

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialNetworks:
    """What the chain is made of; without super-resolution it gives 16 kHz, without a content encoder it only speaks."""

    text_to_vector: TextToVector
    synthesizer: Synthesizer
    super_resolution: SpeechSR | None = None
    denoiser: Denoiser | None = None
    content: ContentEncoder | None = None

    @staticmethod
    def of_bundle(bundle: Bundle) -> OfficialNetworks:
        """The networks of a bundle; of two super-resolutions the higher.

        Raises:
            BundleError: a network that speaking needs is missing, or one does not fit.
        """
        synthesizer = Synthesizer(SynthesizerConfig(**part_sizes(bundle, "synthesizer")), is_for_training=False)
        load_part(synthesizer, bundle, "synthesizer", but_for="training_parts.")
        denoiser = content = wide = None
        if bundle.has_part("denoiser"):
            config = DenoiserConfig(**part_sizes(bundle, "denoiser"))
            denoiser = _loaded(Denoiser(config), bundle, "denoiser")
        if bundle.has_part("content_encoder"):
            content = ContentEncoder(ContentEncoderConfig(**part_sizes(bundle, "content_encoder")))
            content = _loaded(content, bundle, "content_encoder")
        for name, sizes in (("speechsr24k", speechsr_24k()), ("speechsr48k", speechsr_48k())):
            if bundle.has_part(name):
                wide = _loaded(SpeechSR(replace(sizes, **part_sizes(bundle, name))), bundle, name)
        reader = TextToVector(TextToVectorConfig(**part_sizes(bundle, "ttv")))
        return OfficialNetworks(
            text_to_vector=_loaded(reader, bundle, "ttv"),
            synthesizer=synthesizer,
            super_resolution=wide,
            denoiser=denoiser,
            content=content,
        )

    def place(self, placement: Placement) -> None:
        """Move all to their device; compiled are those that work on every second of sound."""
        for network in (self.text_to_vector, self.denoiser):
            if network is not None:
                network.to(placement.device).eval()
        for sounding in (self.synthesizer, self.super_resolution, self.content):
            if sounding is not None:
                placement.place(sounding)


def _loaded(network: Network, bundle: Bundle, part: str) -> Network:
    load_part(network, bundle, part)
    return network
