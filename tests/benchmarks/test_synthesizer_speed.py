import torch

from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from tests.loading import load_script
from tests.models.golden_rule import with_rule_weights

# Each is loaded under its own name, the first before the second asks for it.
other_kinds = load_script("benchmarks/plain_anti_aliased.py")
benchmark = load_script("benchmarks/synthesizer_speed.py")


def test_what_is_compared_with_sings_the_same():
    sizes = {"semantic_channels": 8, "style_channels": 8, "channels": 8, "n_layers": 1, "source_channels": 16}
    config = SynthesizerConfig(**sizes, waveform_channels=32)
    model = with_rule_weights(Synthesizer(config, is_for_training=False).eval())
    inputs = benchmark.inputs_of(model, 0.3)
    with torch.inference_mode():
        kinds = (model, other_kinds.plain(model), other_kinds.convolutions_only(model))
        sound, other, bare = (kind(*inputs).sound for kind in kinds)
    assert torch.allclose(sound, other, rtol=0, atol=1e-5)
    assert (sound - bare).abs().max() > 0.01
