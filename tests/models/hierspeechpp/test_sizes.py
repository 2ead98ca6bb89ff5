"""Every shipped size, narrowed, against the plain implementation: other rates, stages, heads and depths."""

from dataclasses import replace

import pytest
import torch

from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.synthesizer.weights import NORMALIZED_LAYERS, name_table
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector, ceil_durations
from hierbatch.models.weights.published_names import publish_weights
from hierbatch.toml_config import read_config
from hierbatch.training.config_file import find_config
from hierbatch.training.hierspeechpp.synthesizer_config import SynthesizerTraining
from hierbatch.training.hierspeechpp.text_to_vector_config import TextToVectorTraining
from tests.loading import load_script
from tests.models.golden_rule import with_rule_weights

load_script("benchmarks/plain_weights.py")
CONVERSION = load_script("benchmarks/plain_conversion.py")
TEXT = load_script("benchmarks/plain_text_to_vector.py")
SYNTHESIZERS = ("synthesizer_16k_large", "synthesizer_24k_large", "synthesizer_48k_large")
TTVS = ("ttv_lite", "ttv_50m", "ttv_v2", "ttv_multilingual")


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", SYNTHESIZERS)
def test_a_synthesizer_of_every_rate_equals_the_plain_one(name):
    published = read_config(SynthesizerTraining, find_config(name)).network
    config = replace(
        published, semantic_channels=6, channels=8, wide_channels=8, style_channels=8,
        waveform_channels=2 * 2 ** len(published.waveform_rates), source_channels=8, analysis_channels=1,
    )  # fmt: skip
    network = with_rule_weights(Synthesizer(config)).eval()
    published_weights = publish_weights(network.state_dict(), name_table(config), NORMALIZED_LAYERS)
    weights = CONVERSION.PlainWeights(published_weights, "")
    inputs = normal(1, 6, 5), normal(1, 1, 20, seed=2).abs() * 4, normal(1, 8, seed=3), normal(1, 8, 5, seed=4)
    semantic, log_f0, style, noise = inputs
    with torch.inference_mode():
        plain = CONVERSION.convert(weights, *inputs, rates=config.waveform_rates)
        found = network(semantic, log_f0, torch.tensor([5]), style, noise)
    assert found.sound.shape == (1, 1, 5 * config.rate_hz // 50)
    assert float(found.sound.abs().max()) > 0.01
    for output, wanted in ((found.sound, plain.sound), (found.log_f0, plain.log_f0), (found.acoustic, plain.acoustic)):
        torch.testing.assert_close(output, wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", TTVS)
def test_a_text_to_vector_network_of_every_size_equals_the_plain_one(name):
    published = read_config(TextToVectorTraining, find_config(name)).network
    config = replace(
        published, n_symbols=12, semantic_channels=6, channels=published.channels // 16 * 4, wide_channels=12,
        decoder_channels=10, style_channels=8, pitch_channels=8, n_languages=0,
    )  # fmt: skip
    network = with_rule_weights(TextToVector(config)).eval()
    plain = TEXT.PlainTextToVector(network.state_dict())
    tokens, style = torch.tensor([[0, 3, 0, 7, 0, 2, 0]]), normal(1, 8)
    duration_noise = normal(1, 2, 7, seed=2)
    with torch.inference_mode():
        mean, log_scale, log_durations = plain.read(tokens, style, duration_noise)
        prior = network.encode_text(tokens, torch.tensor([7]), style)
        found = network.durations(prior.hidden, prior.mask, style, duration_noise)
        torch.testing.assert_close(found, log_durations, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(prior.mean, mean, rtol=1e-4, atol=1e-4)
        frames = ceil_durations(log_durations.clamp_max(1.2), prior.mask, 1.0)
        noise = normal(1, config.channels, int(frames.sum()), seed=3)
        semantic, log_f0 = plain.speak(mean, log_scale, frames, style, noise)
        output = network.generate(prior, frames, style, noise)
    torch.testing.assert_close(output.semantic, semantic, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(output.log_f0, log_f0, rtol=1e-3, atol=1e-3)
