"""The networks of an imported bundle that speaking needs, loaded from its parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hierbatch.models.bundle import Bundle
from hierbatch.models.content_encoder.model import ContentEncoder
from hierbatch.models.denoiser.model import Denoiser
from hierbatch.models.official.parts import (
    load_content_encoder,
    load_denoiser,
    load_part,
    load_synthesizer,
    part_sizes,
)
from hierbatch.models.placement import Placement
from hierbatch.models.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.speechsr.model import SpeechSR
from hierbatch.models.synthesizer.model import Synthesizer
from hierbatch.models.text_to_vector.config import TextToVectorConfig
from hierbatch.models.text_to_vector.model import TextToVector


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
        wide = None
        for name, sizes in (("speechsr24k", speechsr_24k()), ("speechsr48k", speechsr_48k())):
            if bundle.has_part(name):
                wide = SpeechSR(replace(sizes, **part_sizes(bundle, name)))
                load_part(wide, bundle, name)
        reader = TextToVector(TextToVectorConfig(**part_sizes(bundle, "ttv")))
        load_part(reader, bundle, "ttv")
        return OfficialNetworks(
            text_to_vector=reader,
            synthesizer=load_synthesizer(bundle),
            super_resolution=wide,
            denoiser=load_denoiser(bundle) if bundle.has_part("denoiser") else None,
            content=load_content_encoder(bundle) if bundle.has_part("content_encoder") else None,
        )

    def place(self, placement: Placement) -> None:
        """Move all to their device; compiled are those that work on every second of sound."""
        for network in (self.text_to_vector, self.denoiser):
            if network is not None:
                network.to(placement.device).eval()
        for sounding in (self.synthesizer, self.super_resolution, self.content):
            if sounding is not None:
                placement.place(sounding)
