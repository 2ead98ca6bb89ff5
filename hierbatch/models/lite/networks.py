"""Networks of a Lite bundle."""

from __future__ import annotations

from torch import Tensor, nn

from hierbatch.errors import BundleError
from hierbatch.models.lite.acoustic import Acoustic
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import LiteContentEncoder
from hierbatch.models.lite.generator import LiteWaveformGenerator
from hierbatch.models.lite.pauses import PausePredictor
from hierbatch.models.lite.style_denoiser import StyleDenoiser
from hierbatch.models.lite.text_to_vector import LiteTextToVector
from hierbatch.models.prosody.network import ProsodyNetwork

_OPTIONAL = ("style_denoiser", "prosody", "pauses")


class LiteNetworks(nn.Module):
    """All networks of a Lite bundle; attribute names are the prefixes of the weight names."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.config = config
        self.text_to_vector = LiteTextToVector(config)
        self.acoustic = Acoustic(config)
        self.vocoder = LiteWaveformGenerator(config)
        self.content_encoder = LiteContentEncoder(config)
        self.style_denoiser = StyleDenoiser(config)
        self.prosody = ProsodyNetwork(config.prosody)
        self.pauses = PausePredictor(config)

    @staticmethod
    def from_weights(config: LiteConfig, weights: dict[str, Tensor]) -> LiteNetworks:
        """Create the networks and load their weights strictly, with all mismatches reported in one error.

        Weights may lack the style denoiser, the prosody network or the pause predictor. A missing network has no
        effect, since a bundle without it has no settings for it.

        Raises:
            BundleError: weights are missing, unexpected or misshapen.
        """
        networks = LiteNetworks(config)
        for name in _OPTIONAL:
            untrained = networks.get_submodule(name).state_dict(prefix=f"{name}.")
            weights = weights if untrained.keys() & weights.keys() else untrained | weights
        expected = {name: tuple(value.shape) for name, value in networks.state_dict().items()}
        got = {name: tuple(value.shape) for name, value in weights.items()}
        problems = [f"missing {name}" for name in sorted(expected.keys() - got.keys())]
        problems += [f"unexpected {name}" for name in sorted(got.keys() - expected.keys())]
        shared = sorted(expected.keys() & got.keys())
        problems += [f"{name} is {got[name]}, not {expected[name]}" for name in shared if got[name] != expected[name]]
        if problems:
            raise BundleError(
                "The weights do not fit the model", expected="every weight of HierSpeech2-Lite", got="; ".join(problems)
            )
        networks.load_state_dict(weights)
        return networks.requires_grad_(False).eval()
