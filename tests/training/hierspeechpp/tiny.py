"""Training configurations of networks small enough for tests."""

from dataclasses import replace

from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.training.hierspeechpp.settings import AdamWSettings, RunSettings, SpeechDataSettings
from hierbatch.training.hierspeechpp.synthesizer_config import SynthesizerTraining
from hierbatch.training.hierspeechpp.text_to_vector_config import TextToVectorTraining

DISCRIMINATORS = DiscriminatorConfig(
    ffts_samples=(512, 128), spectrogram_channels=4, periods_samples=(2, 5), period_channels=(4, 4, 8, 8, 8)
)


def synthesizer_network(**changes):
    sizes = {
        "semantic_channels": 12, "style_channels": 16, "channels": 16, "wide_channels": 24, "n_layers": 2,
        "source_channels": 16, "waveform_channels": 32, "analysis_channels": 2,
        "block_kernels": (3,), "source_block_kernels": (3,), "dilations": (1, 3),
    }  # fmt: skip
    return SynthesizerConfig(**(sizes | changes))


def synthesizer_training(*, dropout=0.1, batch_rows=4, n_steps=10, learning_rate=2e-3, **changes):
    values = {
        "network": synthesizer_network(dropout=dropout),
        "discriminators": DISCRIMINATORS,
        "slice_frames": 6,
        "optimizer": AdamWSettings(learning_rate=learning_rate, learning_rate_decay=0.999),
        "data": SpeechDataSettings(batch_rows=batch_rows, max_frames=14, min_frames=10, validation_rows=2),
        "run": RunSettings(n_steps=n_steps, report_steps=5, validate_steps=n_steps, save_steps=n_steps),
    }
    return SynthesizerTraining(**(values | changes))


def text_to_vector_network(**changes):
    sizes = {
        "style_channels": 16, "channels": 16, "wide_channels": 24, "text_layers": 1, "text_kernel": 3,
        "semantic_channels": 12, "posterior_layers": 2, "decoder_channels": 16, "decoder_layers": 2,
        "pitch_channels": 16, "pitch_kernels": (3,), "pitch_dilations": (1, 3),
    }  # fmt: skip
    return TextToVectorConfig(**(sizes | changes))


def text_to_vector_training(
    *, dropout=0.1, batch_rows=4, n_steps=10, learning_rate=2e-3, report_steps=5, network=None, **changes
):
    rates = {"dropout": dropout, "text_dropout": dropout, "duration_dropout": dropout}
    values = {
        "network": replace(network or text_to_vector_network(), **rates),
        "optimizer": AdamWSettings(learning_rate=learning_rate, learning_rate_decay=0.999),
        "data": SpeechDataSettings(batch_rows=batch_rows, max_frames=100, validation_rows=2),
        "run": RunSettings(n_steps=n_steps, report_steps=report_steps, validate_steps=n_steps, save_steps=n_steps),
    }
    return TextToVectorTraining(**(values | changes))
