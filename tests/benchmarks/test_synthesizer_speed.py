import torch

from benchmarks.plain_synthesizer import convolutions_only, plain
from benchmarks.synthesizer_speed import inputs_of
from hierbatch.models.synthesizer.config import SynthesizerConfig
from hierbatch.models.synthesizer.model import Synthesizer
from tests.models.golden_rule import ruled


def test_what_is_compared_with_sings_the_same():
    sizes = {"semantic_channels": 8, "style_channels": 8, "channels": 8, "n_layers": 1, "source_channels": 16}
    config = SynthesizerConfig(**sizes, waveform_channels=32)
    model = ruled(Synthesizer(config, is_for_training=False).eval())
    inputs = inputs_of(model, 0.3)
    with torch.inference_mode():
        sound, other, bare = (made(*inputs).sound for made in (model, plain(model), convolutions_only(model)))
    assert torch.allclose(sound, other, rtol=0, atol=1e-5)
    assert (sound - bare).abs().max() > 0.01
