"""Networks of an imported bundle for speech synthesis, loaded from its components."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from hierbatch.models.hierspeechpp.parts import (
    component_sizes,
    load_component,
    load_content_encoder,
    load_denoiser,
    load_synthesizer,
)
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.models.weights.bundle import Bundle


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

    @staticmethod
    def from_bundle(bundle: Bundle) -> HierSpeechPPNetworks:
        """Load the networks of a bundle; of two SpeechSR networks, the one with the higher rate.

        Raises:
            BundleError: a network required for synthesis is missing, or one does not fit.
        """
        super_resolution = None
        for name, sizes in (("speechsr24k", speechsr_24k()), ("speechsr48k", speechsr_48k())):
            if bundle.has_component(name):
                super_resolution = SpeechSR(replace(sizes, **component_sizes(bundle, name)))
                load_component(super_resolution, bundle, name)
        text_to_vector = TextToVector(TextToVectorConfig(**component_sizes(bundle, "ttv")))
        load_component(text_to_vector, bundle, "ttv")
        return HierSpeechPPNetworks(
            text_to_vector=text_to_vector,
            synthesizer=load_synthesizer(bundle),
            super_resolution=super_resolution,
            denoiser=load_denoiser(bundle) if bundle.has_component("denoiser") else None,
            content=load_content_encoder(bundle) if bundle.has_component("content_encoder") else None,
        )

    def place(self, placement: DevicePlacement) -> None:
        """Move all networks to the device; only those that process every second of audio are compiled."""
        for network in (self.text_to_vector, self.denoiser):
            if network is not None:
                network.to(placement.device).eval()
        for compiled in (self.synthesizer, self.super_resolution, self.content):
            if compiled is not None:
                placement.place(compiled)
