"""SpeechSR's cases: rule weights at any length, and the published weights on recordings."""

from __future__ import annotations

from hierbatch.models.checkpoint import Checkpoint
from hierbatch.models.golden import GoldenCase
from hierbatch.models.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.speechsr.model import SpeechSR
from hierbatch.models.speechsr.weights import speechsr_from
from hierbatch.models.verification.comparison import Checked, Comparison, GoldenNetworks, Make, read_arrays

_RULE_TOLERANCE = 1e-4
_REAL_TOLERANCE = 1e-5
_OUTPUTS = {"speechsr24k": "out_audio24k", "speechsr48k": "out_audio48k"}


def check_speechsr(case: GoldenCase, networks: GoldenNetworks) -> Checked:
    """One sound through the network on rule weights."""
    arrays = read_arrays(case, {"in_audio16k": "B 1 N", "out_audio": "B 1 M"})
    model = networks.by_rule(case.module, _maker(case.module))
    found = model(arrays["in_audio16k"].float(), has_exact_positions=False)
    return [Comparison("out_audio", found, arrays["out_audio"], _RULE_TOLERANCE)]


def check_published_speechsr(case: GoldenCase, networks: GoldenNetworks) -> Checked:
    """One recording through both networks on their published weights, interpolating as the published code did."""
    models = {module: networks.published(module, _maker(module)) for module in _OUTPUTS}
    missing = [module for module, model in models.items() if model is None]
    if missing:
        return networks.not_at_hand(missing)
    arrays = read_arrays(case, {"in_audio16k": "B 1 N", "out_audio24k": "B 1 M", "out_audio48k": "B 1 K"})
    return [
        Comparison(
            _OUTPUTS[module],
            model(arrays["in_audio16k"].float(), has_exact_positions=False),
            arrays[_OUTPUTS[module]],
            _REAL_TOLERANCE,
        )
        for module, model in models.items()
        if model is not None
    ]


def _maker(module: str) -> Make[SpeechSR]:
    config = speechsr_24k() if module == "speechsr24k" else speechsr_48k()

    def make(checkpoint: Checkpoint) -> SpeechSR:
        return speechsr_from(checkpoint, config)

    return make
