"""The networks of one Lite bundle, made from its weights."""

from __future__ import annotations

from torch import Tensor, nn

from hierbatch.errors import BundleError
from hierbatch.models.lite.acoustic import Acoustic
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import ContentEncoder
from hierbatch.models.lite.generator import WaveformGenerator
from hierbatch.models.lite.surroundings import Surroundings
from hierbatch.models.lite.text_to_vector import TextToVector


class LiteNetworks(nn.Module):
    """Everything that ships of a model, under the names its weights carry."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.text_to_vector = TextToVector(config)
        self.acoustic = Acoustic(config)
        self.waveform = WaveformGenerator(config)
        self.content = ContentEncoder(config)
        self.surroundings = Surroundings(config)

    @staticmethod
    def from_weights(config: LiteConfig, weights: dict[str, Tensor]) -> LiteNetworks:
        """Strict: every mismatch is told at once. Models from before surroundings were known move no style.

        Raises:
            BundleError: missing, unexpected or misshapen weights.
        """
        networks = LiteNetworks(config)
        unmoved = networks.surroundings.state_dict(prefix="surroundings.")
        weights = weights if unmoved.keys() & weights.keys() else unmoved | weights
        wanted = {name: tuple(value.shape) for name, value in networks.state_dict().items()}
        got = {name: tuple(value.shape) for name, value in weights.items()}
        faults = [f"missing {name}" for name in sorted(wanted.keys() - got.keys())]
        faults += [f"unexpected {name}" for name in sorted(got.keys() - wanted.keys())]
        shared = sorted(wanted.keys() & got.keys())
        faults += [f"{name} is {got[name]}, not {wanted[name]}" for name in shared if got[name] != wanted[name]]
        if faults:
            raise BundleError(
                "The weights do not fit the model", wanted="every weight of HierSpeech2-Lite", got="; ".join(faults)
            )
        networks.load_state_dict(weights)
        return networks.requires_grad_(False).eval()
