"""Golden checks of SpeechSR: rule weights at several lengths, and published weights on recordings."""

from __future__ import annotations

from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.speechsr.weights import speechsr_from
from hierbatch.models.weights.checkpoint import Checkpoint
from tools.parity.comparison import CaseResult, GoldenNetworks, Make, OutputCheck, read_arrays
from tools.parity.golden import GoldenCase

_RULE_TOLERANCE = 1e-4
_REAL_TOLERANCE = 1e-5
_OUTPUTS = {"speechsr24k": "out_audio24k", "speechsr48k": "out_audio48k"}


def check_speechsr(case: GoldenCase, networks: GoldenNetworks) -> CaseResult:
    """Compare the upsampled audio of one signal, on rule weights."""
    arrays = read_arrays(case, {"in_audio16k": "B 1 N", "out_audio": "B 1 M"})
    model = networks.with_rule_weights(case.module, _maker(case.module))
    found = model(arrays["in_audio16k"].float(), has_exact_positions=False)
    return [OutputCheck("out_audio", found, arrays["out_audio"], _RULE_TOLERANCE)]


def check_published_speechsr(case: GoldenCase, networks: GoldenNetworks) -> CaseResult:
    """Compare one recording upsampled by both networks, on published weights and with the published interpolation."""
    models = {module: networks.with_published_weights(module, _maker(module)) for module in _OUTPUTS}
    missing = [module for module, model in models.items() if model is None]
    if missing:
        return networks.missing_weights(missing)
    arrays = read_arrays(case, {"in_audio16k": "B 1 N", "out_audio24k": "B 1 M", "out_audio48k": "B 1 K"})
    return [
        OutputCheck(
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
